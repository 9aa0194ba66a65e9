"""Who makes samples: this host, its processes and GPUs, other people's pages, and the loop."""
