"""Between HTTP and the APIs: requests and responses as values, handlers run in threads."""
