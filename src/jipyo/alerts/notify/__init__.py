"""Messages about incidents: queued on disk, delivered through channels."""
