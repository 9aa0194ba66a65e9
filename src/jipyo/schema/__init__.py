"""YAML with its places -> checked values, or every mistake at once."""
