"""What the SDK is told, and where it is told so."""

from __future__ import annotations

from dataclasses import dataclass

from datastore_sdk.cli.examination.findings import Finding, good, wrong
from datastore_sdk.exceptions import ConfigurationError, MissingCredentialsError
from datastore_sdk.transport.configuration.config import Configuration, Options
from datastore_sdk.transport.configuration.description import described
from datastore_sdk.transport.configuration.surroundings import configuration

_NO_TOKEN = "none"  # noqa: S105 - it stands for none, and is not sent


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration that a client would have.

    Attributes:
        configuration: The configuration; None where there can be none.
        has_credentials: Whether there are credentials.
        findings: What was found.
    """

    configuration: Configuration | None
    has_credentials: bool
    findings: tuple[Finding, ...]


def settings(profile: str | None) -> Settings:
    """Reads environment and profile as a client does."""
    try:
        known = configuration(Options(), profile)
    except MissingCredentialsError as error:
        finding = wrong("settings", str(error), "set TALLY_AUTH_TOKEN to the token that you have from Tally")
        return Settings(_without_credentials(profile), has_credentials=False, findings=(finding,))
    except (ConfigurationError, TypeError, ValueError) as error:
        return Settings(None, has_credentials=False, findings=(wrong("settings", str(error), "correct this setting"),))
    table = described(known)
    host, login = table["base_url"], table.get("auth_token") or table["client_id"]
    message = f"{host.value} ({host.source}), credentials from {login.source}"
    return Settings(known, has_credentials=True, findings=(good("settings", message, **table.to_dict()),))


def _without_credentials(profile: str | None) -> Configuration | None:
    """The rest of the settings, so that the host can be looked at."""
    try:
        return configuration(Options(auth_token=_NO_TOKEN), profile)
    except (ConfigurationError, TypeError, ValueError):
        return None
