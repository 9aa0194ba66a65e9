"""Log lines: read in any format, kept, searched, counted; here or in a cluster by URL."""
