"""Rule files in Prometheus' format: read, checked and evaluated as Prometheus does."""
