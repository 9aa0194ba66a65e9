"""Service level objectives: good and total counted exactly, budgets, burn rates, windows."""
