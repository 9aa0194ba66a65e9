"""Incidents: alerts of one fault put together, and what people did about it."""
