"""Arrays in, judgements out: thresholds, health, metrics over a window, and texts about them."""
