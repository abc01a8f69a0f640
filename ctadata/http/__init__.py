"""How ctadata speaks HTTP; nothing else here opens a connection."""
