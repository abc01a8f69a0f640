"""``python -m ctadata_labext``: a Jupyter server with it; ``--help-all`` lists the settings."""

from .app import CTADataExtension

CTADataExtension.launch_instance()  # type: ignore[no-untyped-call]
