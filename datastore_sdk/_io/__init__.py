"""I/O effects, responses and limits: what the sans-I/O request logic is written in."""
