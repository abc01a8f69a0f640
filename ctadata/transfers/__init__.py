"""Moving bytes between the storage and local files."""
