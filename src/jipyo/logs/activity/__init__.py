"""What records tell of a service and its users: sessions, latency, incidents, access reviews."""
