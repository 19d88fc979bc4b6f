from __future__ import annotations

from tests.support.fixtures import client_of, serve

__all__ = ["client_of", "serve"]
