"""The example is a test-suite of somebody else's: it is run by a test, by itself."""

from __future__ import annotations

collect_ignore = ["example"]
