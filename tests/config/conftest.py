from __future__ import annotations

from tests.support.fixtures import client_of, clock, form, nothing_left, serve
from tests.support.multi_address_host import dead_first

__all__ = ["client_of", "clock", "dead_first", "form", "nothing_left", "serve"]
