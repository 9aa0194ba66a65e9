"""The process that ingests: its loop, and the part of the server that starts and watches it."""
