"""Bytes of log lines in any format -> columns; no I/O, no clock."""
