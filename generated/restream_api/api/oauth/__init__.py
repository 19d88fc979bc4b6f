# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

"""Access tokens."""

from .create_token import create_token

__all__ = ("create_token",)
