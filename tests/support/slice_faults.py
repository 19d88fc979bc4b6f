"""Faults that end the download of a slice for good, and what an error says then."""

from __future__ import annotations

import re
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from datastore_sdk import (
    AuthenticationError,
    CorruptBodyError,
    PermissionDeniedError,
    RestreamError,
    ServerError,
)
from datastore_sdk.sandbox import Sandbox, faults

_ALWAYS = 1_000


@dataclass(frozen=True)
class SliceFault:
    """A fault of each response with records, the error that it becomes, and the reason in its message."""

    fault: faults.Fault
    error: type[RestreamError]
    reason: str

    @contextmanager
    def affecting(self, box: Sandbox) -> Generator[None]:
        """Let the sandbox fail."""
        box.faults.add(self.fault)
        try:
            yield
        finally:
            box.faults.clear()


SLICE_FAULTS = {
    "refused credential": SliceFault(
        faults.Status(401, path="/data/", times=_ALWAYS), AuthenticationError, "returned 401: the token is missing"
    ),
    "no access": SliceFault(faults.Status(403, path="/data/", times=_ALWAYS), PermissionDeniedError, "returned 403"),
    # A wait that is longer than any that the SDK accepts ends the attempts.
    "server error": SliceFault(
        faults.Status(500, retry_after=999, path="/data/", times=_ALWAYS), ServerError, "returned 500"
    ),
    "corrupt body": SliceFault(
        faults.Corrupt(at=900, path="/data/", times=_ALWAYS), CorruptBodyError, "the body is corrupt"
    ),
}


def assert_names_slice_once(error: BaseException | str, reason: str) -> None:
    """Check what Python prints of an error, or its text: slice and reason, once, and no frames of the download."""
    text = error if isinstance(error, str) else "".join(traceback.format_exception(error))
    assert text.count(reason) == 1, text
    assert len(re.findall(r"the slice of site 98\d from 2025-09-17T\S+ to 2025-09-17T\S+ could not be read", text)) == 1
    assert not re.search(r"datastore_sdk/(data|transport|_io)/", text), text
    assert text.count("datastore_sdk/") <= _MAX_FRAMES, text


_MAX_FRAMES = 6
"""Maximum number of frames of the SDK: its adapter, and where errors are shortened."""
