"""The only room that knows all others: the server, and commands on its data without it.

Its modules are imported one by one: an agent must not load the store and the web server.
"""
