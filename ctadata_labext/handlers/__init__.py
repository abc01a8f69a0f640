"""The handlers of the REST interface; `ctadata_labext.routes` lists them."""
