"""The contract of a service: what it promises a month, and what came of it."""
