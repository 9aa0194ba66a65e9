"""The aggregations of PromQL: those that need one block at a time, and those that need all."""
