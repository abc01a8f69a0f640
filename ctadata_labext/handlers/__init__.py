"""The REST interface: one module for each resource."""
