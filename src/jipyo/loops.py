"""Loops: a step at an interval; the first failure and the recovery are logged once."""
