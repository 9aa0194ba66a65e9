"""The configuration: one file -> frozen options for each room.

Each room's part of the file is one table of keys beside its options; what is not written
keeps the default of the option. All mistakes of a file are reported at once.

Its modules are imported one by one: an agent must not load what reads the keys of a server.
"""
