"""The sandbox: the service on a port of this machine, in a thread of this process."""

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

from datastore_sdk.sandbox.api.auth import Credentials, Tokens
from datastore_sdk.sandbox.api.request_log import ReceivedRequest
from datastore_sdk.sandbox.api.websocket.options import RoomOptions
from datastore_sdk.sandbox.faults import Faults
from datastore_sdk.sandbox.scenario import Scenario
from datastore_sdk.sandbox.scenario.activity import field_of
from datastore_sdk.sandbox.simulation.clock import FieldClock
from datastore_sdk.sandbox.simulation.field import Field
from datastore_sdk.sandbox.simulation.oilfield import Oilfield
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.untidiness import Untidiness

if TYPE_CHECKING:
    from datastore_sdk.sandbox.api.context import Restream
    from datastore_sdk.sandbox.api.uvicorn_server import Server
    from datastore_sdk.sandbox.api.websocket.routes import Rooms

MAX_CONCURRENT_CALLS: Final = 3
_BACKLOG: Final = 128
_LAST_PORT: Final = 65_535
_START_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 15.0
_POLL_SECONDS: Final = 0.005


class Sandbox:
    """A Restream service of one's own, on loopback.

    Use it as a context manager, or call `start` and `stop`. The same `seed`, `now` and `days` give the same field.

    Args:
        seed: Of everything that looks like chance.
        scenario: A field of your own instead of the simulated one.
        now: A moment (with time zone) at which the field's time stands still, or a clock that tells unix seconds.
            By default that of the scenario, else the computer's clock: stages begin and end while one looks.
        speed: How much faster than life the field's time goes on, from `now` or from the present: 60 makes an hour a
            minute. What was measured meanwhile comes over the WebSocket rooms, stages end, data is corrected.
        days: Length of the simulated history, from midnight UTC that many days ago; at most 10.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        token: A bearer token that never expires; by default a new one is made up.
        client_id: For the OAuth2 client credentials flow.
        client_secret: For the same; by default a new one is made up.
        token_lifetime: Seconds for which a token issued for the credentials is good.
        concurrency: How many calls of a client may be under way to one endpoint before it is answered with 429.
        denied: Ids of pads and sites that answer 403.
        rooms: How the WebSocket rooms behave.
        untidy: A seed: answers differ from the API contract as those of real services do: keys are missing, values are
            null or of another type, records come site by site, lists in envelopes, and more. An `Untidiness` says which
            of these. By default answers keep to the contract.
        admin: Whether there is an admin interface, through which other programs on this machine inject faults and look
            at what was received; it asks for `admin_token`.

    Attributes:
        field: The field, to look at and to change: `sandbox.field.correct(...)`.
        requests: What was received, in order.
        faults: What calls meet, on request: `sandbox.faults.add(faults.Status(503, path="/pads/*", times=2))`.
        admin_token: For the admin interface; None where there is none.

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
        self.field: Field[PadActivity] = field_of(scenario, seed, clock) if scenario else Oilfield(seed, clock, days)
        self.requests: list[ReceivedRequest] = []
        self.faults = Faults()
        self.admin_token = secrets.token_urlsafe(24) if admin else None
        self._service: Restream | None = None
        self._room_options = rooms or RoomOptions()
        self._untidiness = _untidiness(untidy)
        self._rooms: Rooms | None = None
        self._credentials = Credentials(self.token, client_id, self.client_secret, token_lifetime)
        self._denied = frozenset(denied)
        self._concurrency = concurrency
        self._address = host, port
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self._port = port

    @property
    def url(self) -> str:
        """Scheme, host and port. The port is known once the sandbox has started."""
        host = self._address[0]
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that lead the SDK to this sandbox."""
        return {"RESTREAM_HOST": self.url, "TALLY_AUTH_TOKEN": self.token}

    def start(self) -> Self:
        """Begins to serve; returns when requests are answered. What clients changed before is forgotten.

        Raises:
            RuntimeError: It is running already, or the server does not start.
            OSError: The port is taken.
        """
        if self._thread is not None:
            raise RuntimeError("the sandbox is running already")
        listener = _listen(*self._address)
        self._port = listener.getsockname()[1]
        self._server = server = self._make_server()
        self._thread = threading.Thread(target=server.run, args=([listener],), name="restream-sandbox", daemon=True)
        self._thread.start()
        for _ in range(round(_START_SECONDS / _POLL_SECONDS)):  # by no clock, which tests freeze
            if server.started:
                return self
            if not self._thread.is_alive():
                break
            time.sleep(_POLL_SECONDS)
        self.stop()
        raise RuntimeError("the sandbox's server did not start")

    def stop(self) -> None:
        """Ends serving; streams that are still open are cut off. Does nothing when it is not running."""
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join(_STOP_SECONDS)
            self._server.force_exit = True  # wait for nothing any more
            self._thread.join(_STOP_SECONDS)
            if self._thread.is_alive():
                raise RuntimeError("the sandbox's server does not stop")
        self._server = self._thread = None

    def advance(self, seconds: float) -> None:
        """Moves the field's time on; what was measured meanwhile is sent to who waits for it in a WebSocket room.

        Raises:
            ValueError: Backwards, or by what is no number.
        """
        self.field.advance(seconds)

    def hang_up(self, code: int | None = None) -> None:
        """Ends all WebSocket connections now.

        Args:
            code: Of the close frame, such as 1000 or 1012; None: they are reset (TCP RST).
        """
        if self._rooms is not None:
            self._rooms.hang_up(code)

    def reset(self) -> None:
        """Forgets what clients changed, the faults, and what was received. Tokens stay good."""
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

    def _make_server(self) -> Server:
        from datastore_sdk.sandbox.api.admin import Admin
        from datastore_sdk.sandbox.api.app import make_app
        from datastore_sdk.sandbox.api.context import Restream
        from datastore_sdk.sandbox.api.untidy import Untidy
        from datastore_sdk.sandbox.api.uvicorn_server import Server
        from datastore_sdk.sandbox.api.websocket.connections import Host
        from datastore_sdk.sandbox.api.websocket.routes import Rooms

        self._service = Restream(self.field, self._denied, Tokens(self._credentials))
        admin = Admin(self.admin_token, self.faults, self.requests, self.reset) if self.admin_token else None
        untidy = Untidy(self._untidiness) if self._untidiness else None
        self._rooms = Rooms(self._service, Host(self.field, self._room_options, self.faults), untidy)
        app = make_app(self._service, self._rooms, self._concurrency, self.requests, self.faults, admin, untidy)
        return Server(app)


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
    raise TypeError(f"untidy must be a seed or an Untidiness, not {untidy!r}")


def _clock(now: datetime | Callable[[], float] | None, speed: float | None) -> FieldClock:
    if isinstance(now, datetime):
        if now.tzinfo is None:
            raise ValueError("now needs a time zone")
        return FieldClock.running(now.timestamp(), speed or 0.0)
    if now is None or now is time.time:
        return FieldClock.running(time.time(), 1.0 if speed is None else speed)
    if speed is not None:
        raise ValueError("speed cannot be given together with a clock: that has a speed of its own")
    return FieldClock(now)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it, each small answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
