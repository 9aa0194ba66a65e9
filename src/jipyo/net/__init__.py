"""How other servers are reached: HTTP, TLS, credentials, deadlines."""
