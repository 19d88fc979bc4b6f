"""Carries effects out: by blocking or by awaiting, ahead of who reads, in time."""
