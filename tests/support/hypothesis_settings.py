"""How property-based tests run."""

from __future__ import annotations

from hypothesis import settings

PROPERTY = settings(derandomize=True, deadline=None, database=None, max_examples=100)
"""Alike every time, and however busy the machine is."""
