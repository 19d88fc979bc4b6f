"""The pad or site of a command: chosen by its options, and named in errors."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, tzinfo
from typing import Any

from datastore_sdk import Client, Pad, Site
from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.times import find_zone
from datastore_sdk.exceptions import CallError, NotFoundError

USE_OTHER = "use --{kind} {id}"
"""Advice if a pad was passed as a site, or the reverse."""


@contextmanager
def open_client(profile: str | None) -> Generator[Client]:
    """Open a client, and close it afterwards."""
    with Client(profile=profile) as client:
        yield client


@contextmanager
def open_asset(
    pad: int | None, site: int | None, profile: str | None, advice: str = USE_OTHER
) -> Generator[tuple[Client, Pad | Site]]:
    """Open a client, with the pad or site of `--pad` or `--site`, and explain its 404 responses.

    Args:
        pad: Id of the pad.
        site: Id of the site.
        profile: The profile.
        advice: What to do if the other of the two was meant; see `explain_not_found`.

    Raises:
        CommandError: None or both of the options were passed; or the service does not have the object.
    """
    validate_choice(pad, site)
    with open_client(profile) as client:
        asset = Pad(pad, client=client) if pad is not None else Site(int(site or 0), client=client)
        with explain_not_found(asset, client, advice):
            yield client, asset


def validate_choice(pad: int | None, site: int | None) -> None:
    """Raise `CommandError` unless exactly one of `--pad` and `--site` was passed."""
    if pad is None and site is None:
        raise CommandError("pass --pad ID or --site ID; list them with: datastore pads, datastore sites")
    if pad is not None and site is not None:
        raise CommandError("pass --pad or --site, not both")


@contextmanager
def explain_not_found(asset: Pad | Site, client: Client, advice: str = USE_OTHER) -> Generator[None]:
    """Say in the error of a 404 if a pad was passed as a site, or the reverse.

    Args:
        asset: The pad or site.
        client: The client.
        advice: What to do in this case, with `{kind}` and `{id}`.
    """
    try:
        yield
    except NotFoundError as error:
        other = Site if isinstance(asset, Pad) else Pad
        kind, other_kind = kind_of(asset), "site" if isinstance(asset, Pad) else "pad"
        try:
            other.get_model(id=asset.id, client=client)
        except CallError:
            message = (
                f"there is no {describe(asset)}, or the token has no access to it; list them with: datastore {kind}s"
            )
        else:
            use = advice.format(kind=other_kind, id=asset.id)
            message = f"there is no {describe(asset)}, but there is a {other_kind} {asset.id}: {use}"
        raise CommandError(message, ExitStatus.NOT_FOUND) from error


def validate_exists(asset: Pad | Site, client: Client) -> None:
    """Request the pad or site itself, for lists that are also empty if it does not exist.

    Raises:
        NotFoundError: It does not exist.
    """
    type(asset).get_model(id=asset.id, client=client)


def resolve_zone(name: str | None, asset: Pad | Site | None, client: Client) -> tzinfo | None:
    """Return the time zone of `--tz`; None if the option was not passed.

    Args:
        name: The value of the option. `site` stands for the time zone of the well, or of all wells of the pad.
        asset: The pad or site.
        client: The client.

    Raises:
        CommandError: The time zone does not exist, or the wells have none or several.
    """
    if name is None:
        return None
    if name != "site":
        return find_zone(name)
    if asset is None:
        raise CommandError("--tz site needs one pad or site; write a name such as US/Central")
    sites = _list_sites(asset, client)
    zones = {zone for site in sites if isinstance(zone := site.get("timezone"), str) and zone}
    if len(zones) != 1:
        reason = f"its sites are in {', '.join(sorted(zones))}" if zones else "the service does not say which"
        raise CommandError(f"the time zone of {describe(asset)} is unknown: {reason}; write a name, such as US/Central")
    return find_zone(zones.pop())


def display_zone(zone: tzinfo | None) -> tzinfo:
    """Return the time zone of shown times."""
    return zone or UTC


def describe(asset: Pad | Site) -> str:
    """Return `pad 681` or `site 981`."""
    return f"{kind_of(asset)} {asset.id}"


def kind_of(asset: Pad | Site) -> str:
    """Return `pad` or `site`."""
    return "pad" if isinstance(asset, Pad) else "site"


def _list_sites(asset: Pad | Site, client: Client) -> list[dict[str, Any]]:
    if isinstance(asset, Pad):
        return Site.get_models(client=client, pad_id=asset.id, as_dict=True)
    return [Site.get_model(id=asset.id, client=client, as_dict=True)]
