"""The scrape loop, its collectors and targets, discovery, and receivers of pushed samples."""
