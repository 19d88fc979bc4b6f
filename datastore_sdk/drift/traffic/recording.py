"""Recording of live calls as cassettes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.traffic import cassettes
from datastore_sdk.drift.traffic.recorded_call import RecordedCall


def record_calls(calls: Sequence[tuple[str, RecordedCall]], folder: Path, secrets: Iterable[str] = ()) -> list[Path]:
    """Write a cassette for each operation, without hosts, tokens and other secrets.

    Args:
        calls: The calls, each with its `operationId`.
        folder: The folder; created if it is missing.
        secrets: Further secrets that must not be in a cassette.

    Raises:
        DriftError: A response repeats a secret, or the folder cannot be written.
    """
    by_operation: dict[str, list[RecordedCall]] = {}
    for operation, call in calls:
        by_operation.setdefault(operation, []).append(call)
    paths = {folder / f"{operation}.yaml": group for operation, group in by_operation.items()}
    known = [secret.encode() for secret in secrets if secret]
    for path, group in paths.items():
        if any(secret in call.content or secret in call.url.encode() for call in group for secret in known):
            raise DriftError(f"{path.name} was not written: a response in it repeats a secret")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, group in paths.items():
            cassettes.write_cassette(group, path)
    except OSError as error:
        raise DriftError(f"{folder} cannot be written: {error.strerror or error}") from None
    return list(paths)
