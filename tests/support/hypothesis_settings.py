"""Settings of property tests."""

from __future__ import annotations

from hypothesis import settings

from tests.support.exhaustive import examples

PROPERTY = settings(derandomize=True, deadline=None, database=None, max_examples=examples(100))
"""Deterministic, and independent of the load of the machine."""
