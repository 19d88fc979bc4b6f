"""`datastore drift traffic`: contract against recorded or live answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from datastore_sdk.cli.output import FormatOption, JsonOption, OutputFormat, deliver, results, say
from datastore_sdk.client import Client
from datastore_sdk.drift import DriftError, Observations, Spec, load, observe, shipped
from datastore_sdk.drift.report import Report
from datastore_sdk.drift.traffic import LiveProbe, record, suggest
from datastore_sdk.drift.traffic.response_shapes import FILE
from datastore_sdk.drift.traffic.response_shapes import write as write_shapes

CREDENTIALS = ("TALLY_AUTH_TOKEN", "RESTREAM_CLIENT_ID", "RESTREAM_CLIENT_SECRET")


def traffic(
    cassettes: Annotated[list[str] | None, typer.Argument(help="Cassettes of vcrpy, in YAML or JSON.")] = None,
    *,
    live: Annotated[bool, typer.Option("--live", help="Ask the service: some 25 reads, one after the other.")] = False,
    pad: Annotated[int | None, typer.Option(help="With --live: id of the pad to look at. Default: the first.")] = None,
    site: Annotated[
        int | None, typer.Option(help="With --live: id of the site to look at. Default: the first.")
    ] = None,
    record_to: Annotated[
        Path | None,
        typer.Option("--record", help="With --live: a folder to keep the answers in, as cassettes without secrets."),
    ] = None,
    shapes: Annotated[
        bool,
        typer.Option("--shapes", help=f"With --live: write {FILE}: keys and types of the answers, without any value."),
    ] = False,
    contract: Annotated[str | None, typer.Option(help="The contract: a file or URL. Default: this SDK's own.")] = None,
    suggest_patch: Annotated[
        bool, typer.Option("--suggest", help="Print the patch that makes the contract fit; the report goes to stderr.")
    ] = False,
    format: FormatOption = OutputFormat.TEXT,
    json: JsonOption = False,
) -> int:
    """Hold recorded or live answers against the contract.

    Tells unknown and missing fields, types and nulls that differ, new values, unknown paths and statuses, each with its
    place in the answer, how often it was met, and an example without what may be secret or personal. With `--live` the
    credentials come from the environment, as for the SDK itself (TALLY_AUTH_TOKEN, RESTREAM_HOST, ...).

    Exit status: **0** no drift, **1** drift, **2** breaking drift, **3** could not run.

    For example:

        datastore drift traffic tests/cassettes/*.yaml

        datastore drift traffic --live --record cassettes --json

        datastore drift traffic --live --shapes

        datastore drift traffic cassettes/*.yaml --contract openapi.yaml --suggest | git apply
    """
    only_live: dict[str, object] = {"--pad": pad, "--site": site, "--record": record_to, "--shapes": shapes or None}
    _check(cassettes, live=live, only_live=only_live)
    against = Spec(load(contract)) if contract else shipped()
    observations = observe(against, cassettes or ())
    if live:
        walk = _walk(observations, pad, site, record_to)
        if shapes:
            write_shapes(walk.calls, against, Path(FILE))
            say(f"Wrote {FILE}: it holds no values and no names; look at it, and send it to the maintainers")
    _check_seen(observations)
    report = Report(
        f"{observations.calls} call{'s' * (observations.calls != 1)} against {against.document.name}",
        observations.findings(),
    )
    form = OutputFormat.JSON if json else format
    if suggest_patch:
        _suggest(against, observations, partial(deliver, report, form, sys.stderr))
    else:
        deliver(report, form)
    return report.status


def _check(cassettes: list[str] | None, *, live: bool, only_live: dict[str, object]) -> None:
    if not cassettes and not live:
        raise typer.BadParameter("name cassettes, or say --live to ask the service")
    given = [name for name, value in only_live.items() if value is not None]
    if given and not live:
        raise typer.BadParameter(f"{', '.join(given)} goes with --live")


def _walk(observations: Observations, pad: int | None, site: int | None, folder: Path | None) -> LiveProbe:
    with Client() as client:
        say(f"Asking {client.base_url} ...")
        walk = LiveProbe(client, pad_id=pad, site_id=site)
        walk.go()
    if not any(call.succeeded for _, call in walk.calls):
        statuses = ", ".join(sorted({str(call.status) for _, call in walk.calls}))
        raise DriftError(
            f"{client.base_url} answered no call with a success ({statuses or 'nothing that can be read'})"
        )
    for _, call in walk.calls:
        observations.add(call)
    if folder is not None:
        for path in record(walk.calls, folder, [os.environ.get(name, "") for name in CREDENTIALS]):
            say(f"Kept {path}")
    return walk


def _check_seen(observations: Observations) -> None:
    """Refuses to say that there is no drift where nothing was seen."""
    told = f"{observations.failed} of {observations.calls} calls were answered with a failure of the service (5xx)"
    if observations.failed == observations.calls:
        raise DriftError(f"{told}: there is nothing to be held against the contract")
    for host, calls in observations.elsewhere.items():
        say(f"Left out: {calls} call{'s' * (calls != 1)} to {host or 'no host'}, which is another API")
    if observations.failed:
        say(f"{told}, which tells nothing of the contract")


def _suggest(contract: Spec, observations: Observations, report: Callable[[], None]) -> None:
    suggestion = suggest(contract, observations)
    with results():
        typer.echo(suggestion.patch.encode(), nl=False)  # the same bytes as in the contract, whatever is printed else
    report()
    for one in suggestion.left:
        say(f"Not in the patch: {one.deviation.rule} at {one.method} {one.path}{one.deviation.path}")
