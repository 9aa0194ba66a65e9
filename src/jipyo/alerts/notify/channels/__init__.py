"""The ways in which a message is delivered: one file for each."""
