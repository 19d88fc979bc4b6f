"""The wire: who calls, how often, and what comes back. Nothing outside this package knows the HTTP library.

Where to find what:

    client            what users hold; set up by config, settings, surroundings, profiles, login, told by description
    exchange          the logic of a call: call, attempt, retry, slots and limits, credentials, body, answers
    effects           what logic asks of the world, and drivers, which carry it out: by blocking, by awaiting, in time
    http              requests: over pool (chunks, idle, line, tls) or over_httpx
    rooms             how a WebSocket room is entered; sockets, frames and tunnels carry it
    hooks             who is told of calls, like logs, telemetry and drift
"""

from datastore_sdk.transport.answers import UnexpectedContentError
from datastore_sdk.transport.client import Client
from datastore_sdk.transport.connection import Timeouts
from datastore_sdk.transport.default_clients import client_for
from datastore_sdk.transport.hooks import (
    AnswerEvent,
    CallEvent,
    DriftEvent,
    ErrorEvent,
    Hooks,
    QueueEvent,
    RequestEvent,
    RetryEvent,
)
from datastore_sdk.transport.logs import begin_log
from datastore_sdk.transport.retry import RetryPolicy

__all__ = [
    "AnswerEvent",
    "CallEvent",
    "Client",
    "DriftEvent",
    "ErrorEvent",
    "Hooks",
    "QueueEvent",
    "RequestEvent",
    "RetryEvent",
    "RetryPolicy",
    "Timeouts",
    "UnexpectedContentError",
    "begin_log",
    "client_for",
]
