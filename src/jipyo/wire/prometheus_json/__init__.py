"""The JSON of the Prometheus HTTP API: `encode` writes answers, `decode` reads them."""
