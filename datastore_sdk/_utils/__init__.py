"""Helpers without a subject of their own: validation, redaction, suggestions, optional imports."""
