"""The example is a separate test suite, which a test runs in its own process."""

from __future__ import annotations

collect_ignore = ["example"]
