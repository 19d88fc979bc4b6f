"""Modules of scripts/bench."""
