"""The wire: who calls, how often, and what comes back. Nothing outside this package knows the HTTP library.

Rooms, from the top:

    client            what users hold; default_clients are made by themselves, sharing is what clients have in common
    wire              the connections of a client
    configuration/    a client's settings, and where each comes from
    rooms/            WebSockets: how a room is entered, and what carries it
    driving/          carries effects out: by blocking, by awaiting, in time
    calls/            the logic of a call: its attempts, limits and time, and what the answer means
    http/             requests over httpx: transport, parser, timeouts, proxies of the environment
    credentials/      where the token comes from
    telling/          who is told of calls: hooks, logs, OpenTelemetry
    effects           what logic asks of the world; answers, slots, mask, clock, connection and forking serve all
"""

from datastore_sdk.transport.answers import UnexpectedContentError
from datastore_sdk.transport.calls.retry import RetryPolicy
from datastore_sdk.transport.client import Client
from datastore_sdk.transport.connection import Timeouts
from datastore_sdk.transport.default_clients import client_for
from datastore_sdk.transport.telling.hooks import (
    AnswerEvent,
    CallEvent,
    DriftEvent,
    ErrorEvent,
    Hooks,
    QueueEvent,
    RequestEvent,
    RetryEvent,
)
from datastore_sdk.transport.telling.logs import begin_log

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
