"""Settings and their sources."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

from datastore_sdk.cli.checks.result import CheckResult, good, warning, wrong
from datastore_sdk.config.client_config import ClientConfig, ClientOptions
from datastore_sdk.config.describe import describe_config
from datastore_sdk.config.environment import resolve_config
from datastore_sdk.exceptions import ConfigurationError, MissingCredentialsError

_ADVICE = "requests work nevertheless; correct this when you can"
_CREDENTIALS_ADVICE = (
    "set TALLY_AUTH_TOKEN to the token from Tally, or both RESTREAM_CLIENT_ID and RESTREAM_CLIENT_SECRET"
)
_PLACEHOLDER_TOKEN = "none"  # noqa: S105 - a placeholder that is never sent


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """Configuration of a client, and the results of its checks.

    Attributes:
        configuration: The configuration; None if a setting is invalid.
        has_credentials: Whether there are credentials.
        results: The results.
    """

    configuration: ClientConfig | None
    has_credentials: bool
    results: tuple[CheckResult, ...]


def check_settings(profile: str | None) -> ResolvedSettings:
    """Resolve environment and profile as a client does."""
    with warnings.catch_warnings(record=True, action="always") as caught:
        resolved = _resolve(profile)
    warned = [warning("profile", str(each.message), _ADVICE) for each in caught]
    return replace(resolved, results=(*resolved.results, *warned))


def _resolve(profile: str | None) -> ResolvedSettings:
    try:
        config = resolve_config(ClientOptions(), profile)
    except MissingCredentialsError as error:
        result = wrong("settings", str(error), _CREDENTIALS_ADVICE)
        return ResolvedSettings(_without_credentials(profile), has_credentials=False, results=(result,))
    except (ConfigurationError, TypeError, ValueError) as error:
        return ResolvedSettings(
            None, has_credentials=False, results=(wrong("settings", str(error), "correct this setting"),)
        )
    table = describe_config(config)
    host, login = table["base_url"], table.get("auth_token") or table["client_id"]
    message = f"{host.value} ({host.source}), credentials from {login.source}"
    return ResolvedSettings(config, has_credentials=True, results=(good("settings", message, **table.to_dict()),))


def _without_credentials(profile: str | None) -> ClientConfig | None:
    """Resolve the other settings, so that the host can be checked."""
    try:
        return resolve_config(ClientOptions(auth_token=_PLACEHOLDER_TOKEN), profile)
    except (ConfigurationError, TypeError, ValueError):
        return None
