"""Keeps live calls as cassettes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.traffic import cassettes
from datastore_sdk.drift.traffic.recorded_call import RecordedCall


def record(calls: Sequence[tuple[str, RecordedCall]], folder: Path, secrets: Iterable[str] = ()) -> list[Path]:
    """Writes a cassette for each operation, without hosts, tokens and other secrets.

    Args:
        calls: The calls, each with the id of its operation.
        folder: Where to write; it is made if it is missing.
        secrets: What must not stand in a cassette, besides what is taken out anyway.

    Raises:
        DriftError: The service repeats a secret in an answer, or the folder cannot be written to.
    """
    by_operation: dict[str, list[RecordedCall]] = {}
    for operation, call in calls:
        by_operation.setdefault(operation, []).append(call)
    paths = {folder / f"{operation}.yaml": group for operation, group in by_operation.items()}
    known = [secret.encode() for secret in secrets if secret]
    for path, group in paths.items():
        if any(secret in call.content or secret in call.url.encode() for call in group for secret in known):
            raise DriftError(f"{path.name} would have held a secret: the service repeats it in an answer")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, group in paths.items():
            cassettes.write(group, path)
    except OSError as error:
        raise DriftError(f"{folder} cannot be written to: {error.strerror or error}") from None
    return list(paths)
