"""`datastore mirror`: keep pads and sites true in a database or lake."""

from __future__ import annotations

import json as json_
import re
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from datastore_sdk._io.clock import monotonic
from datastore_sdk.cli.console import print_error, print_message, result_output
from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.exceptions import MirrorError, RestreamError

if TYPE_CHECKING:
    from datastore_sdk.entities import Pad, Site
    from datastore_sdk.mirror import Mirror

PROBLEM = 1
"""Exit status if something failed, is stale, or differs."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}

Store = Annotated[
    str,
    typer.Argument(metavar="STORE", help="DuckDB file (`field.duckdb`), `postgresql://...`, or `delta:` and a folder."),
]
PadsOption = Annotated[list[int] | None, typer.Option("--pad", help="Id of a pad; may be repeated.")]
SitesOption = Annotated[list[int] | None, typer.Option("--site", help="Id of a site; may be repeated.")]
ProfileOption = Annotated[str | None, typer.Option(help="Profile. Default: the one that the SDK uses.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class _Result(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


def add(
    store: Store,
    *,
    pad: PadsOption = None,
    site: SitesOption = None,
    since: Annotated[str, typer.Option(help="How far to go back (`7d`, `12h`), or a time in ISO 8601.")] = "7d",
    fields: Annotated[str | None, typer.Option(help="Names of fields, joined by commas. Default: all.")] = None,
    si_units: Annotated[bool, typer.Option("--si-units", help="SI units instead of oilfield units.")] = False,
    profile: ProfileOption = None,
) -> int:
    """Add pads and sites to a mirror. The next `run` downloads them.

    For example:

        datastore mirror add field.duckdb --pad 668 --since 7d
    """
    from datastore_sdk.cli.assets import describe, explain_not_found, open_client, validate_exists  # slow to import

    with _usage_errors():
        sources, start = _sources(pad, site), _parse_since(since)
    with open_client(profile) as client:
        for source in sources:
            with explain_not_found(source, client):
                validate_exists(source, client)
    with _usage_errors(), _open_mirror(store, profile) as mirror:
        for source in sources:
            mirror.add(source, since=start, fields=fields, si_units=si_units)
    print_message(f"added {', '.join(map(describe, sources))}; download with: datastore mirror run")
    return 0


def run(
    store: Store,
    *,
    every: Annotated[str | None, typer.Option(help="Repeat at this interval (`60s`, `5m`) until SIGTERM.")] = None,
    follower: Annotated[
        bool, typer.Option("--follower", help="Acknowledge nothing: another mirror of this credential does.")
    ] = False,
    overlap: Annotated[str, typer.Option(help="How far to read again, for late records.")] = "10m",
    accept_credential: Annotated[
        bool, typer.Option("--accept-credential", help="Accept a store that was filled with another credential.")
    ] = False,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> int:
    """Read new records, apply data changes, acknowledge them.

    SIGTERM and Ctrl-C end it after the commit under way. A cycle that fails is reported; with `--every`, the next one
    tries again.

    Exit status: **0** everything was read, **1** something failed, **3** could not run.

    For example:

        datastore mirror run field.duckdb

        datastore mirror run field.duckdb --every 60s --json
    """
    with _usage_errors():
        interval = None if every is None else _parse_duration(every).total_seconds()
        options = {"acknowledge": not follower, "overlap": _parse_duration(overlap)}
    with (
        _usage_errors(),
        _open_mirror(store, profile, accept_credential=accept_credential, **options) as mirror,
        _end_on_signals(mirror) as received,
    ):
        try:
            return _run_once(mirror, json=json) if interval is None else _run_forever(mirror, interval, json=json)
        except KeyboardInterrupt:
            if signal.SIGTERM in received:
                return 0
            raise


def status(
    store: Store,
    *,
    max_age: Annotated[
        str | None, typer.Option(help="Exit with 1 if a site was last read completely longer ago (`15m`).")
    ] = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> int:
    """Show how far each site was read. Makes no request.

    Exit status: **0** up to date, **1** a site failed, was never read completely or is too old, **3** could not run.

    For example:

        datastore mirror status field.duckdb --max-age 15m
    """
    with _usage_errors(), _open_mirror(store, profile) as mirror:
        limit = None if max_age is None else _parse_duration(max_age)
        found = mirror.status()
    _print(found, json=json)
    is_old = found.age is None or (limit is not None and found.age > limit)
    return PROBLEM if is_old or found.errors else 0


def verify(
    store: Store,
    *,
    sample: Annotated[int, typer.Option(min=1, help="Number of intervals of ten minutes for each site.")] = 3,
    seed: Annotated[int | None, typer.Option(help="Seed of the choice. Default: another choice each time.")] = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> int:
    """Compare intervals of a mirror with the service.

    Exit status: **0** equal, **1** different, **3** could not run.

    For example:

        datastore mirror verify field.duckdb --sample 10
    """
    with _usage_errors(), _open_mirror(store, profile) as mirror:
        found = mirror.verify(sample=sample, seed=seed)
    _print(found, json=json)
    return 0 if found.is_equal else PROBLEM


def forget(store: Store, *, pad: PadsOption = None, site: SitesOption = None, profile: ProfileOption = None) -> int:
    """Delete pads and sites from a mirror, with their records.

    For example:

        datastore mirror forget field.duckdb --pad 668
    """
    with _usage_errors(), _open_mirror(store, profile) as mirror:
        for source in _sources(pad, site):
            mirror.forget(source)
    return 0


def _open_mirror(store: str, profile: str | None, **options: Any) -> Mirror:
    from datastore_sdk.client import Client  # these are slow to import
    from datastore_sdk.mirror import Mirror

    return Mirror(store, client=Client(profile=profile), **options)


def _run_once(mirror: Mirror, *, json: bool) -> int:
    report = mirror.run()
    _print(report, json=json)
    return 0 if report.is_complete else PROBLEM


def _run_forever(mirror: Mirror, interval: float, *, json: bool) -> int:
    while True:
        started = monotonic()
        try:
            _run_once(mirror, json=json)
        except (MirrorError, RestreamError) as error:  # it may be over when the next cycle starts
            print_error(str(error))
        time.sleep(max(interval - (monotonic() - started), 0))


@contextmanager
def _end_on_signals(mirror: Mirror) -> Generator[set[int]]:
    """Let SIGTERM and SIGINT end the mirror; yield the set of those that came."""
    received: set[int] = set()

    def stop(number: int, _: object) -> None:
        received.add(number)
        mirror.stop()

    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def _usage_errors() -> Generator[None]:
    """Report invalid arguments, and missing extras, as usage errors."""
    try:
        yield
    except RestreamError:
        raise
    except ImportError as error:
        raise CommandError(str(error), ExitStatus.COULD_NOT_RUN) from error
    except (TypeError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error


def _sources(pads: Iterable[int] | None, sites: Iterable[int] | None) -> list[Pad | Site]:
    from datastore_sdk.entities import Pad, Site  # slow to import

    kinds: list[tuple[Callable[[int], Pad | Site], Iterable[int]]] = [(Pad, pads or ()), (Site, sites or ())]
    found = [kind(id_) for kind, ids in kinds for id_ in ids]
    if not found:
        raise ValueError("name a pad (--pad 668) or a site (--site 981)")
    return found


def _parse_duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a duration: {text!r}; write it like 60s, 10m, 12h or 7d")
    return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])


def _parse_since(text: str) -> timedelta | str:
    return _parse_duration(text) if _DURATION.fullmatch(text.strip()) else text


def _print(result: _Result, *, json: bool) -> None:
    with result_output():
        typer.echo(json_.dumps(result.to_dict(), default=str) if json else str(result))
        sys.stdout.flush()
