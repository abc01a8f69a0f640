"""Listings, searches and archives: what the panel shows of the storage."""
