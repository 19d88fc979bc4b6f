"""The wire: who calls, how often, and what comes back. Nothing outside this package knows the HTTP library."""

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
