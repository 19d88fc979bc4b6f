"""Sandbox: the service on a loopback port, in a thread of this process."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from datastore_sdk.sandbox.api.auth import ClientCredential, TokenRegistry
from datastore_sdk.sandbox.api.request_log import ReceivedRequest
from datastore_sdk.sandbox.api.websocket.options import RoomOptions
from datastore_sdk.sandbox.faults import FaultRegistry
from datastore_sdk.sandbox.scenario import Scenario
from datastore_sdk.sandbox.scenario.activity import build_field
from datastore_sdk.sandbox.simulation.clock import FieldClock
from datastore_sdk.sandbox.simulation.field import SimulatedField
from datastore_sdk.sandbox.simulation.oilfield import Oilfield
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.untidiness import Untidiness

if TYPE_CHECKING:
    from datastore_sdk.sandbox.api.context import ServiceState
    from datastore_sdk.sandbox.api.uvicorn_server import SandboxServer
    from datastore_sdk.sandbox.api.websocket.routes import RoomRoutes

MAX_CONCURRENT_CALLS: Final = 3
_BACKLOG: Final = 128
_LAST_PORT: Final = 65_535
_START_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 15.0
_POLL_SECONDS: Final = 0.005


class Sandbox:
    """A Restream service of your own, on loopback.

    Use it as a context manager, or call `start` and `stop`. The same `seed`, `now` and `days` give the same field.

    Args:
        seed: Seed of all random numbers.
        scenario: Pads, stages and records of your own instead of the simulated field.
        now: Datetime (with time zone) at which the field's clock is frozen, or a function that returns unix seconds.
            Default: that of the scenario, else the computer's clock, so that stages begin and end while you watch.
        speed: Speed of the field's clock, counted from `now` or from the present: 60 makes an hour pass in a minute.
            Records measured meanwhile come over the WebSocket rooms, stages end, data is corrected.
        days: Length of the simulated history in days, up to today; it begins at midnight UTC. At most 10.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        token: Bearer token that never expires. Default: a new one.
        client_id: Client id for the OAuth2 client credentials flow.
        client_secret: Client secret for the same. Default: a new one.
        token_lifetime: Lifetime in seconds of a token issued for these credentials.
        concurrency: Maximum number of concurrent calls of a client to one endpoint; more get a 429.
        denied: Ids of pads and sites with a 403 response.
        rooms: How the WebSocket rooms behave.
        untidy: Seed for responses that differ from the API contract as those of real services do: missing keys, nulls,
            other types, records grouped by site, lists in envelopes and more. An `Untidiness` selects which. Default:
            responses keep to the contract.
        admin: Whether there is an admin interface, through which other programs on this machine inject faults and read
            the received requests. It requires `admin_token`.

    Attributes:
        field: The field, to read and to change: `sandbox.field.correct(...)`.
        requests: Received requests, in order.
        faults: Faults to inject: `sandbox.faults.add(faults.Status(503, path="/pads/*", times=2))`.
        admin_token: Token of the admin interface; None without one.

    Raises:
        ImportError: The extra `sandbox` is not installed.
        TypeError: `untidy` is neither a seed nor an `Untidiness`.
        ValueError: `now` has no time zone, or `days`, `speed` or `port` is out of range.

    Example:
        >>> with Sandbox(seed=7) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        ...     pads = Pad.get_models(client=client)
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        scenario: Scenario | None = None,
        now: datetime | Callable[[], float] | None = None,
        speed: float | None = None,
        days: float = 4,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        client_id: str = "sandbox",
        client_secret: str | None = None,
        token_lifetime: float = 36_000,
        concurrency: int = MAX_CONCURRENT_CALLS,
        denied: Collection[int] = (),
        rooms: RoomOptions | None = None,
        untidy: int | Untidiness | None = None,
        admin: bool = False,
    ) -> None:
        _require_extra()
        if not 0 <= port <= _LAST_PORT:
            raise ValueError(f"port must be from 0 to {_LAST_PORT}, not {port}")
        self.token = token or secrets.token_urlsafe(24)
        self.client_id = client_id
        self.client_secret = client_secret or secrets.token_urlsafe(24)
        clock = _clock(now or (scenario.now if scenario else None), speed)
        self.field: SimulatedField[PadActivity] = (
            build_field(scenario, seed, clock) if scenario else Oilfield(seed, clock, days)
        )
        self.requests: list[ReceivedRequest] = []
        self.faults = FaultRegistry()
        self.admin_token = secrets.token_urlsafe(24) if admin else None
        self._service: ServiceState | None = None
        self._room_options = rooms or RoomOptions()
        self._untidiness = _untidiness(untidy)
        self._rooms: RoomRoutes | None = None
        self._credentials = ClientCredential(self.token, client_id, self.client_secret, token_lifetime)
        self._denied = frozenset(denied)
        self._concurrency = concurrency
        self._address = host, port
        self._server: SandboxServer | None = None
        self._thread: threading.Thread | None = None
        self._port = port

    @property
    def url(self) -> str:
        """Scheme, host and port; the port is known once the sandbox has started."""
        host = self._address[0]
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that point the SDK to this sandbox."""
        return {"RESTREAM_HOST": self.url, "TALLY_AUTH_TOKEN": self.token}

    def start(self) -> Self:
        """Start serving, and return when it responds to requests. Forgets what clients changed before.

        Raises:
            RuntimeError: It is already running, or the server does not start.
            OSError: The port is in use.
        """
        if self._thread is not None:
            raise RuntimeError("the sandbox is already running")
        listener = _listen(*self._address)
        self._port = listener.getsockname()[1]
        self._server = server = self._make_server()
        self._thread = threading.Thread(target=server.run, args=([listener],), name="restream-sandbox", daemon=True)
        self._thread.start()
        for _ in range(round(_START_SECONDS / _POLL_SECONDS)):  # counted, because tests freeze clocks
            if server.started:
                return self
            if not self._thread.is_alive():
                break
            time.sleep(_POLL_SECONDS)
        self.stop()
        raise RuntimeError("the sandbox's server did not start")

    def stop(self) -> None:
        """Stop serving, and cut off open streams. Does nothing if it is not running."""
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join(_STOP_SECONDS)
            self._server.force_exit = True  # do not wait any longer
            self._thread.join(_STOP_SECONDS)
            if self._thread.is_alive():
                raise RuntimeError("the sandbox's server does not stop")
        self._server = self._thread = None

    def advance(self, seconds: float) -> None:
        """Move the field's clock forward. Records measured meanwhile are sent to open WebSocket rooms.

        Raises:
            ValueError: The number of seconds is negative or not a number.
        """
        self.field.advance(seconds)

    def close_websockets(self, code: int | None = None) -> None:
        """Close all WebSocket connections now.

        Args:
            code: Code of the close frame, such as 1000 or 1012; None resets the connections (TCP RST).
        """
        if self._rooms is not None:
            self._rooms.disconnect_all(code)

    def reset(self) -> None:
        """Forget what clients changed, all faults and all received requests. Tokens stay valid."""
        self.faults.clear()
        self.requests.clear()
        if self._service is not None:
            self._service.reset()
        if self._rooms is not None:
            self._rooms.forget_sessions()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "serving" if self._thread is not None else "not serving"
        return f"<{type(self).__name__} {self.url} ({state}), seed {self.field.seed}>"

    def _make_server(self) -> SandboxServer:
        from datastore_sdk.sandbox.api.admin import Admin
        from datastore_sdk.sandbox.api.app import make_app
        from datastore_sdk.sandbox.api.context import ServiceState
        from datastore_sdk.sandbox.api.untidy import UntidyResponses
        from datastore_sdk.sandbox.api.uvicorn_server import SandboxServer
        from datastore_sdk.sandbox.api.websocket.connections import RoomHost
        from datastore_sdk.sandbox.api.websocket.routes import RoomRoutes

        self._service = ServiceState(self.field, self._denied, TokenRegistry(self._credentials))
        admin = Admin(self.admin_token, self.faults, self.requests, self.reset) if self.admin_token else None
        untidy = UntidyResponses(self._untidiness) if self._untidiness else None
        self._rooms = RoomRoutes(self._service, RoomHost(self.field, self._room_options, self.faults), untidy)
        app = make_app(self._service, self._rooms, self._concurrency, self.requests, self.faults, admin, untidy)
        return SandboxServer(app)


def _require_extra() -> None:
    for package in ("starlette", "uvicorn", "websockets"):
        try:
            import_module(package)
        except ImportError as error:
            message = f'the sandbox needs {package}: pip install "restream-datastore-sdk[sandbox]"'
            raise ImportError(message, name=package) from error


def _untidiness(untidy: object) -> Untidiness | None:
    if untidy is None or isinstance(untidy, Untidiness):
        return untidy
    if isinstance(untidy, int):
        return Untidiness(untidy)
    raise TypeError(f"untidy must be an int (a seed) or an Untidiness, not {untidy!r}")


def _clock(now: datetime | Callable[[], float] | None, speed: float | None) -> FieldClock:
    if isinstance(now, datetime):
        if now.tzinfo is None:
            raise ValueError("now needs a time zone")
        return FieldClock.running(now.timestamp(), speed or 0.0)
    if now is None or now is time.time:
        return FieldClock.running(time.time(), 1.0 if speed is None else speed)
    if speed is not None:
        raise ValueError("speed cannot be combined with a clock function, which has a speed of its own")
    return FieldClock(now)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio disables Nagle's algorithm only if the protocol is named; with it, each small response takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
