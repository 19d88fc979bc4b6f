"""Requests over httpx, whose transport is ours for the speed of record bodies."""
