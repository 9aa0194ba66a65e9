"""Rules and their alerts, incidents made of them, and the messages about both."""
