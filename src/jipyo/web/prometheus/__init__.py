"""`/api/v1`: the Prometheus HTTP API."""
