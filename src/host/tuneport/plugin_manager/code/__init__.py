"""Importing plugins: installed ones as Python does, others from the bytes that were checked."""
