"""What others send to us: Prometheus remote write, OTLP metrics, text pages, job groups."""
