"""Files from the user's own computer, from the browser to the storage."""
