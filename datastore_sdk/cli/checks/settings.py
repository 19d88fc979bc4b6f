"""What the SDK is told, and where it is told so."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

from datastore_sdk.cli.checks.result import CheckResult, good, warning, wrong
from datastore_sdk.config.client_config import ClientConfig, ClientOptions
from datastore_sdk.config.describe import describe_config
from datastore_sdk.config.environment import resolve_config
from datastore_sdk.exceptions import ConfigurationError, MissingCredentialsError

_ADVICE = "calls are made all the same; see to it when you can"
_CREDENTIALS = (
    "set TALLY_AUTH_TOKEN to the token that you have from Tally, or both RESTREAM_CLIENT_ID and RESTREAM_CLIENT_SECRET"
)
_NO_TOKEN = "none"  # noqa: S105 - it stands for none, and is not sent


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """The configuration that a client would have.

    Attributes:
        configuration: The configuration; None where there can be none.
        has_credentials: Whether there are credentials.
        findings: What was found.
    """

    configuration: ClientConfig | None
    has_credentials: bool
    findings: tuple[CheckResult, ...]


def settings(profile: str | None) -> ResolvedSettings:
    """Reads environment and profile as a client does."""
    with warnings.catch_warnings(record=True, action="always") as caught:
        found = _read(profile)
    told = [warning("profile", str(each.message), _ADVICE) for each in caught]
    return replace(found, findings=(*found.findings, *told))


def _read(profile: str | None) -> ResolvedSettings:
    try:
        known = resolve_config(ClientOptions(), profile)
    except MissingCredentialsError as error:
        finding = wrong("settings", str(error), _CREDENTIALS)
        return ResolvedSettings(_without_credentials(profile), has_credentials=False, findings=(finding,))
    except (ConfigurationError, TypeError, ValueError) as error:
        return ResolvedSettings(
            None, has_credentials=False, findings=(wrong("settings", str(error), "correct this setting"),)
        )
    table = describe_config(known)
    host, login = table["base_url"], table.get("auth_token") or table["client_id"]
    message = f"{host.value} ({host.source}), credentials from {login.source}"
    return ResolvedSettings(known, has_credentials=True, findings=(good("settings", message, **table.to_dict()),))


def _without_credentials(profile: str | None) -> ClientConfig | None:
    """The rest of the settings, so that the host can be looked at."""
    try:
        return resolve_config(ClientOptions(auth_token=_NO_TOKEN), profile)
    except (ConfigurationError, TypeError, ValueError):
        return None
