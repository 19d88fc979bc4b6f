from __future__ import annotations

from tests.support.entity_fixtures import form, serving

__all__ = ["form", "serving"]
