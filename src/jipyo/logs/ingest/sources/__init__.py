"""Sources that are read here: files, the journal of systemd, standard input."""
