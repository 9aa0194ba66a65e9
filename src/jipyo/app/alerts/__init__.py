"""Alerts within the server: rules evaluated on their grid, kept, and stored as series."""
