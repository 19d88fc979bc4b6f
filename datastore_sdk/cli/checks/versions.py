"""Installed versions and extras."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from datastore_sdk._version import VERSION
from datastore_sdk.cli.checks.result import CheckResult, good, skip

DISTRIBUTION: Final = "restream-datastore-sdk"
_NAME_PATTERN: Final = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA_PATTERN: Final = re.compile(r"""extra == ['"]([^'"]+)['"]""")


def check_versions() -> Iterator[CheckResult]:
    """Return the versions of the SDK, Python and dependencies, and the installed extras."""
    python = platform.python_version()
    needed = [*_requirements()]
    installed = {
        name: version_found for name in sorted({name for name, _ in needed}) if (version_found := _find_version(name))
    }
    yield good("versions", f"SDK {VERSION}, Python {python} on {platform.platform(terse=True)}", **installed)
    if not needed:
        yield skip("extras", "the SDK is imported from its sources, not installed")
        return
    extras = sorted({extra for _, extra in needed if extra})
    present = {extra: all(name in installed for name, of in needed if of == extra) for extra in extras}
    yield good("extras", ", ".join(extra for extra, is_there in present.items() if is_there) or "none", **present)


def _requirements() -> Iterator[tuple[str, str]]:
    """Return the dependencies of the SDK: name and extra."""
    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return
    for line in lines:
        name, extra = _NAME_PATTERN.match(line), _EXTRA_PATTERN.search(line)
        if name:
            yield name[0], extra[1] if extra else ""


def _find_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
