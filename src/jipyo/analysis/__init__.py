"""Arrays in, judgements out: health, words about it, who gives what, statistics of days."""
