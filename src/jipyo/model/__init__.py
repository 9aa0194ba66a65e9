"""Values that all rooms share, clock and calendar, the error tree, the protocols of a store."""
