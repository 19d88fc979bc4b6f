"""Drivers that perform effects, by blocking or by awaiting, and prefetch."""
