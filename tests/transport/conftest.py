from __future__ import annotations

from tests.support.addresses import dead_first
from tests.support.fixtures import client_of, clock, form, nothing_left, serve

__all__ = ["client_of", "clock", "dead_first", "form", "nothing_left", "serve"]
