"""The client of a process that reads a plan which was made elsewhere."""

from __future__ import annotations

from dataclasses import replace

from datastore_sdk.auth.providers import NO_CREDENTIALS_MESSAGE
from datastore_sdk.client import Client, client_for
from datastore_sdk.exceptions import ConfigurationError, MissingCredentialsError
from datastore_sdk.transport.executor.retry import RetryPolicy

MAX_ATTEMPTS = 12
"""Maximum number of attempts of a request, unless configured: readers on other machines may use the three calls for
minutes."""


def worker_client(profile: str | None, base_url: str) -> Client:
    """Return the client of a profile, or of the environment.

    Args:
        profile: Name of the profile; None: that of the environment.
        base_url: Scheme and host of the service that the plan was made for.

    Raises:
        MissingCredentialsError: There are no credentials.
        ConfigurationError: The client is for another service, which must not receive these credentials.
    """
    try:
        client = client_for(profile=profile)
    except MissingCredentialsError as error:
        reason = error.message.removesuffix(NO_CREDENTIALS_MESSAGE).strip() or "this process has no credentials"
        raise MissingCredentialsError(
            f"{reason}. A plan holds none: set TALLY_AUTH_TOKEN, or RESTREAM_CLIENT_ID and RESTREAM_CLIENT_SECRET, in "
            "the environment of each process that reads it, or write a profile on each machine and pass its name to "
            "Plan.of(profile=...)"
        ) from None
    if client.base_url != base_url:
        raise ConfigurationError(
            f"the plan was made for {base_url}, but this process is configured for {client.base_url}: set RESTREAM_HOST"
            " or the profile as in the process that made the plan"
        )
    if client.retries.max_attempts != RetryPolicy().max_attempts:
        return client
    return client.with_options(retries=replace(client.retries, max_attempts=MAX_ATTEMPTS))
