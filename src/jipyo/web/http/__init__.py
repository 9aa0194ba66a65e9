"""Between asyncio and the rooms: endpoints, parameters, caching, metrics of requests."""
