"""Timings as ratios: `python -m bench [NAME ...]`."""
