"""Tree -> arrays: plans, evaluates and explains queries."""
