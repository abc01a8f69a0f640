"""``python -m ctadata_labext`` starts a Jupyter server; ``--help-all`` lists the settings."""

from .app import CTADataExtension

CTADataExtension.launch_instance()  # type: ignore[no-untyped-call]
