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
    """Record all calls into a new cassette; one that would contain a secret is not stored."""
    path.unlink(missing_ok=True)
    return use_cassette(path, RecordMode.ALL, secrets=secrets)


def replaying(path: Path) -> AbstractContextManager[Cassette]:
    """Respond to each call with its recorded response; a call that was not recorded fails."""
    return use_cassette(path)
