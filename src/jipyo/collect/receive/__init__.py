"""Receivers: Prometheus remote write, OTLP metrics, text exposition, push groups."""
