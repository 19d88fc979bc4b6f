"""Shell completion of names that the service knows. It is quick, or it completes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from datastore_sdk.client import Client

TIMEOUT_SECONDS = 2.0
"""Timeout of the request, in seconds. The user waits for it."""
Completions = list[tuple[str, str]]
"""Values with their help."""


def complete_pads(ctx: typer.Context, incomplete: str) -> Completions:
    """Complete the id of a pad."""
    return _complete(ctx, incomplete, _list_pads)


def complete_sites(ctx: typer.Context, incomplete: str) -> Completions:
    """Complete the id of a site, of the pad if there is one."""
    return _complete(ctx, incomplete, _list_sites)


def complete_fields(ctx: typer.Context, incomplete: str) -> Completions:
    """Complete the last of the field names."""
    before, comma, last = incomplete.rpartition(",")
    return [(f"{before}{comma}{name}", help_) for name, help_ in _complete(ctx, last, _list_fields)]


def complete_zones(incomplete: str) -> list[str]:
    """Complete the name of a time zone."""
    from zoneinfo import available_timezones  # slow to import

    return [name for name in ["site", "UTC", *sorted(available_timezones())] if name.startswith(incomplete)]


def _complete(
    ctx: typer.Context, incomplete: str, list_names: Callable[[Client, dict[str, Any]], Iterator[tuple[object, object]]]
) -> Completions:
    """Return the names that begin with a text; nothing if there are no credentials or the service fails."""
    import logging
    import warnings

    logging.disable(logging.CRITICAL)
    try:
        from datastore_sdk import Client, RetryPolicy, Timeouts

        with (
            warnings.catch_warnings(action="ignore"),
            Client(
                profile=ctx.params.get("profile"),
                timeout=Timeouts(total=TIMEOUT_SECONDS),
                retries=RetryPolicy(max_attempts=1, wait=False),
            ) as client,
        ):
            names = [(str(name), str(help_ or "")) for name, help_ in list_names(client, ctx.params)]
    except Exception:  # noqa: BLE001 - a message would end up in the command line
        return []
    finally:
        logging.disable(logging.NOTSET)
    return [(name, help_) for name, help_ in dict(names).items() if name.startswith(incomplete)]


def _list_pads(client: Client, _: dict[str, Any]) -> Iterator[tuple[object, object]]:
    from datastore_sdk import Pad

    for pad in Pad.get_models(client=client, as_dict=True):
        yield pad.get("id"), pad.get("name")


def _list_sites(client: Client, params: dict[str, Any]) -> Iterator[tuple[object, object]]:
    from datastore_sdk import Site

    for site in Site.get_models(client=client, as_dict=True, pad_id=params.get("pad")):
        yield site.get("id"), site.get("name")


def _list_fields(client: Client, params: dict[str, Any]) -> Iterator[tuple[object, object]]:
    from datastore_sdk import Pad, Site

    asset = Site(params["site"], client=client) if params.get("site") is not None else Pad(params["pad"], client=client)
    for field in asset.get_fields_metadata(as_dict=True):
        yield field.get("name"), field.get("label")
