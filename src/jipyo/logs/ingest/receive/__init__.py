"""Receivers: what is sent to us is kept on disk, and acknowledged then."""
