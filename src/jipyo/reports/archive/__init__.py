"""Issued reports: each numbered, with its files and their hashes, signed off and never changed."""
