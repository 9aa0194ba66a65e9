"""Reports: metric summaries become a `Report` (data), which a renderer writes as a file."""
