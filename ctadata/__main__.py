"""``python -m ctadata``."""

from .cli.main import main

main()
