"""Transfers as jobs of the server."""
