"""The local side of transfers: what is on the disk while files are downloaded or uploaded.

A *temporary name* (`temp_names`) is a name that says which process uses it (`process_owner`).
A *part file* (`part_file`) is the file that is being downloaded, under a temporary name.
Its *journal* (`journal`) says which bytes of a large part file are valid; it survives a crash.
A *partial download* (`partial_download`) is both together, with the checksum: it can be resumed.
`directories` opens target directories, `overwrite` decides what in them may be replaced, and
`commit_gate` stops renaming when the transfer ends; `upload_tree` reads what is uploaded.
"""
