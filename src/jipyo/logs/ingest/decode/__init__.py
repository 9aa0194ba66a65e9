"""What senders send -> log records; no I/O, no clock."""
