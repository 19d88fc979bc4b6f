"""The cassettes of this folder, as the SDK's own recording kit makes and replays them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any

from datastore_sdk.testing import Cassette, RecordMode, use_cassette

vcr: Any = import_module("vcr")  # it has no types

SECRETS = {"access_token", "client_id", "client_secret", "refresh_token", "token"}
"""Keys of bodies and queries whose values are secret."""


def recording(path: Path, secrets: Iterable[str] = ()) -> AbstractContextManager[Cassette]:
    """Records all calls into a new cassette; one in which a secret would stand is not kept."""
    path.unlink(missing_ok=True)
    return use_cassette(path, RecordMode.ALL, secrets=secrets)


def replaying(path: Path) -> AbstractContextManager[Cassette]:
    """Answers each call with what was recorded for it; a call that was not recorded fails."""
    return use_cassette(path)
