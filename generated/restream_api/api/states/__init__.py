# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

"""What goes on at a site right now."""

from .get_state import get_state
from .list_states import list_states

__all__ = ("get_state", "list_states")
