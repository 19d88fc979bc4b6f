"""Stores of a mirror: databases and lakes."""
