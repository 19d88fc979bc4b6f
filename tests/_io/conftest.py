from __future__ import annotations

from tests.support.fixtures import client_of, clock, form, nothing_left, serve

__all__ = ["client_of", "clock", "form", "nothing_left", "serve"]
