"""Sources of samples: host, processes, GPUs, scraped targets, databases, probes, receivers."""
