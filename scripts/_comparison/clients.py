"""The two clients, each in a process of its own, and what they are seen to do by a service of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Literal, Self, cast

from _comparison import driver
from _comparison.verdicts import Call, Observation, Request
from datastore_sdk.sandbox import Sandbox

Form = Literal["sync", "async"]
FORMS: Final[tuple[Form, ...]] = ("sync", "async")

NOW: Final = datetime(2025, 9, 18, 12, tzinfo=UTC)
DAYS: Final = 2.0
TOKEN: Final = "token"  # noqa: S105 - of a service that nobody else can reach
SECRET: Final = "secret"  # noqa: S105 - the same
DENIED_SITE: Final = 912
_ENTERED: Final = 101
_ENTRANCE_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.005


class Client:
    """A client of the Restream API in its own process, with a service of its own that is the same for all.

    Args:
        python: The interpreter that has the client.
        package: Its name.
        form: Whether to make calls in their sync or their async form.
        untidy: The seed of the faults in the responses; None: they match the API contract.
    """

    def __init__(self, python: Path, package: str, form: Form, untidy: int | None = None) -> None:
        self._command = [str(python), "-P", driver.__file__, package, form]
        self._sandbox = Sandbox(
            now=NOW, days=DAYS, token=TOKEN, client_secret=SECRET, denied={DENIED_SITE}, untidy=untidy
        )
        self._seen = 0

    def __enter__(self) -> Self:
        self._sandbox.start()
        self._process = subprocess.Popen(
            self._command, env=self._environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def _environment(self) -> dict[str, str]:
        # The vendor's client would use a proxy for the sandbox too, and has no TALLY_AUTH_TOKEN.
        unwanted = re.compile("TALLY_AUTH_TOKEN|RESTREAM_.*|.*_proxy", re.IGNORECASE)
        return {
            **{name: value for name, value in os.environ.items() if not unwanted.fullmatch(name)},
            "RESTREAM_HOST": self._sandbox.url,
            "RESTREAM_CLIENT_ID": self._sandbox.client_id,
            "RESTREAM_CLIENT_SECRET": self._sandbox.client_secret,
        }

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._process:
            if kind is not None:
                self._process.kill()
        self._sandbox.stop()

    def send(self, call: Call) -> None:
        """Start a call without waiting for its result. Live calls first wait until the client has entered the room."""
        self._write(json.dumps({"text": call.text, "environment": call.environment}))
        if call.passes:
            self._let_pass(call.passes)

    def observation(self) -> Observation:
        """Return the requests and the result of the last call."""
        result = self._read()
        received = self._sandbox.requests[self._seen :]
        self._seen += len(received)
        requests = (Request(each.method, each.path, tuple(sorted(each.query)), each.status) for each in received)
        return Observation(tuple(requests), result)

    def list_unused_methods(self) -> set[str]:
        """Return the client's methods, such as `Pad.get_models`, that no call has used."""
        self._write("")
        return set(self._read())

    def _let_pass(self, seconds: float) -> None:
        deadline = time.monotonic() + _ENTRANCE_SECONDS
        while not any(each.status == _ENTERED for each in self._sandbox.requests[self._seen :]):
            if time.monotonic() > deadline:  # the call has failed, and its result will say why
                break
            time.sleep(_POLL_SECONDS)
        self._sandbox.advance(seconds)

    def _write(self, line: str) -> None:
        print(line, file=self._process.stdin, flush=True)

    def _read(self) -> Any:
        line = cast("IO[str]", self._process.stdout).readline()
        if not line:
            sys.exit(f"A client's process has ended: {' '.join(self._command)}")
        return json.loads(line)
