"""The last 24 hours of the catalogue: the states of each metric, and the course of some."""
