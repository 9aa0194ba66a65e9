"""Templates: what messages of one kind have in common, found without settings or word lists."""
