"""Renderers: a `Report` in, a file out; what is said, they all say the same."""
