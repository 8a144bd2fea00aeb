"""Rows that are turns, read as conversations."""
