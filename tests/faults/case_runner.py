"""One call with its own client, to a sandbox that no other call uses at the same time."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from datastore_sdk import Client, Pad, RetryPolicy, Timeouts
from datastore_sdk.auth.client_credentials import FAILURE_HOLD_SECONDS
from datastore_sdk.sandbox import ReceivedRequest, Sandbox
from tests.faults.call_runner import CallRunner
from tests.faults.expected_outcomes import ATTEMPTS
from tests.faults.leak_checks import list_running_tasks
from tests.faults.public_calls import DEFINITION, PAD, SITE, TOKEN, Call, Kind
from tests.support.jumping_clock import JumpingClock

TOKEN_PATH = "/o/token/"
IMPATIENT_SECONDS = 0.05
"""Read timeout of an impatient client, in seconds."""
MANY_ATTEMPTS = 20
"""Maximum attempts of an impatient client; some time out although the service is only slow."""
TLS = ssl.create_default_context()
"""Built once, because that takes longer than most calls."""


def kind_of(request: ReceivedRequest) -> Kind:
    """Return the kind of a request."""
    match request.method:
        case "POST" if request.path == TOKEN_PATH:
            return Kind.TOKEN
        case "POST" if request.path.endswith("/parameters/"):
            return Kind.CREATE
        case "DELETE":
            return Kind.DELETE
        case "GET":
            return Kind.RECORDS if request.path.endswith("/data/") else Kind.READ
        case _:
            return Kind.CHANGE


class CaseRunner:
    """One call with its own client."""

    def __init__(
        self, service: Sandbox, call: Call, form: str, folder: Path, *, impatient: bool = False, managed: bool = False
    ) -> None:
        self.service = service
        self.call = call
        self.clock = JumpingClock()
        self._managed = managed or TOKEN in call.requests
        self._form = form
        self._folder = folder
        self._impatient = impatient
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.service.reset()
        if self.call.on_definition:
            self._create_definition()
        credentials: dict[str, Any] = {"auth_token": self.service.token}
        if self._managed:
            credentials = {"client_id": self.service.client_id, "client_secret": self.service.client_secret}
        wait = IMPATIENT_SECONDS if self._impatient else 20.0
        client = Client(
            base_url=self.service.url,
            timeout=Timeouts(read=wait, first_byte=wait, idle=wait),
            retries=RetryPolicy(max_attempts=MANY_ATTEMPTS if self._impatient else ATTEMPTS),
            verify=TLS,
            clock=self.clock,
            **credentials,
        )
        runner = self._stack.enter_context(asyncio.Runner()) if self._form == "async" else None
        self._stack.callback(client.close)
        self._stack.callback(self._look_for_tasks, runner)
        change = self.service.field.corrections(SITE)[0]
        self.caller = CallRunner(client, runner, self._folder, change.id)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def requests(self) -> list[ReceivedRequest]:
        """The received requests; without those for a token, unless the call requests one."""
        about_tokens = TOKEN in self.call.requests
        return [each for each in self.service.requests if about_tokens or each.path != TOKEN_PATH]

    @property
    def secrets(self) -> list[str]:
        issued = self.service._service.tokens._expiry if self.service._service else {}
        return [self.service.token, self.service.client_secret, *issued]

    def another_call(self) -> None:
        """Make another call, to check that the client still works."""
        self.service.faults.clear()
        self.clock.time += FAILURE_HOLD_SECONDS
        assert self.caller(Pad, "get_model", PAD, client=self.caller.client).id == PAD

    def _create_definition(self) -> None:
        with Client(self.service.token, base_url=self.service.url, verify=TLS) as client:
            Pad(PAD, client=client).create_stages_aggregations([DEFINITION])
        self.service.requests.clear()

    @staticmethod
    def _look_for_tasks(runner: asyncio.Runner | None) -> None:
        if runner is not None:
            assert runner.run(list_running_tasks()) == set()
