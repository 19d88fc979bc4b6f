"""What is installed."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from datastore_sdk._version import VERSION
from datastore_sdk.cli.checks.result import CheckResult, good, skipped

DISTRIBUTION: Final = "restream-datastore-sdk"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA: Final = re.compile(r"""extra == ['"]([^'"]+)['"]""")


def versions() -> Iterator[CheckResult]:
    """The SDK, Python and the packages that the SDK can use; which of its extras are there."""
    python = platform.python_version()
    needed = [*_needed()]
    installed = {name: found for name in sorted({name for name, _ in needed}) if (found := _version(name))}
    yield good("versions", f"SDK {VERSION}, Python {python} on {platform.platform(terse=True)}", **installed)
    if not needed:
        yield skipped("extras", "the SDK was not installed, but is imported from its sources")
        return
    extras = sorted({extra for _, extra in needed if extra})
    present = {extra: all(name in installed for name, of in needed if of == extra) for extra in extras}
    yield good("extras", ", ".join(extra for extra, is_there in present.items() if is_there) or "none", **present)


def _needed() -> Iterator[tuple[str, str]]:
    """What the SDK says that it can use: the name, and the extra that brings it."""
    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return
    for line in lines:
        name, extra = _NAME.match(line), _EXTRA.search(line)
        if name:
            yield name[0], extra[1] if extra else ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
