"""``python -m ctadata``."""

from .cli import main

main()
