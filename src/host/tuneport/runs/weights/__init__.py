"""Weights on their way to a trainer: what is done with them, what is lost, and what is said of it."""
