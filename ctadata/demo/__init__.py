"""JupyterLab on sample data, with services of its own: `ctadata demo`."""
