"""Bytes <-> values, without I/O: exposition, Prometheus' JSON, protobuf, compression."""
