"""Samples on their way to other servers: a queue on disk, and a sender for each destination."""
