"""Where log lines come from, and the process that reads, parses and stores them."""
