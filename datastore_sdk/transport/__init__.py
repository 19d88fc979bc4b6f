"""The wire: who calls, how often, and what comes back. Nothing outside this package knows the HTTP library."""

from datastore_sdk.transport.answers import UnexpectedContentError
from datastore_sdk.transport.client import Client, client_for
from datastore_sdk.transport.connection import Timeouts
from datastore_sdk.transport.retry import RetryPolicy

__all__ = ["Client", "RetryPolicy", "Timeouts", "UnexpectedContentError", "client_for"]
