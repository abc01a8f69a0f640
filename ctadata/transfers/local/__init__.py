"""The local side of transfers: directories, part files, journals."""
