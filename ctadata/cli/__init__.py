"""The commands ``ctadata`` and ``cta-data``."""
