"""JSON Schema, metrics of what is written, and the quality report."""
