"""Receivers: samples that others push, by remote write, OTLP, text or push group."""
