"""Reports that the running server makes: at set times and on request, delivered and kept."""
