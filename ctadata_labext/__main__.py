"""``python -m ctadata_labext``: a Jupyter server with the extension; ``--help-all``: its settings."""

from .app import CTADataExtension

CTADataExtension.launch_instance()  # type: ignore[no-untyped-call]
