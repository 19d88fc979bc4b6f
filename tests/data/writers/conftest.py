from __future__ import annotations

from tests.data.arrow.conftest import form, hours, nothing_left, of, serving

__all__ = ["form", "hours", "nothing_left", "of", "serving"]
