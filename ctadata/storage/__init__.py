"""What the storage speaks, as docs/protocol.md describes it."""
