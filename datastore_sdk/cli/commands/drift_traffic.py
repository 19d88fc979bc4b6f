"""`datastore drift traffic`: compare recorded or live responses with the OpenAPI document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from datastore_sdk.cli.report_output import FormatOption, JsonOption, OutputFormat


def traffic(
    cassettes: Annotated[list[str] | None, typer.Argument(help="vcrpy cassettes, in YAML or JSON.")] = None,
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Request about 25 resources from the service, one at a time.")
    ] = False,
    pad: Annotated[int | None, typer.Option(help="With --live: id of the pad. Default: the first.")] = None,
    site: Annotated[int | None, typer.Option(help="With --live: id of the site. Default: the first.")] = None,
    record_to: Annotated[
        Path | None,
        typer.Option("--record", help="With --live: folder for cassettes of the responses, without secrets."),
    ] = None,
    shapes: Annotated[
        bool,
        typer.Option(
            "--shapes",
            help="With --live: write restream-shapes.json: keys and types of the responses, without values.",
        ),
    ] = False,
    spec: Annotated[
        str | None, typer.Option(help="The OpenAPI document: a file or URL. Default: the SDK's own.")
    ] = None,
    suggest_patch: Annotated[
        bool, typer.Option("--suggest", help="Print a patch that adapts the document; the report goes to stderr.")
    ] = False,
    format: FormatOption = OutputFormat.TEXT,
    json: JsonOption = False,
) -> int:
    """Compare recorded or live responses with the OpenAPI document.

    Reports unknown and missing properties, other types, nulls, new values, unknown paths and statuses, each with its
    path in the response, the number of occurrences and a redacted example. With `--live`, host and credentials come
    from the environment, as for the SDK (TALLY_AUTH_TOKEN, RESTREAM_HOST, ...).

    Exit status: **0** no drift, **1** drift, **2** breaking drift, **3** could not run.

    For example:

        datastore drift traffic tests/cassettes/*.yaml

        datastore drift traffic --live --record cassettes --json

        datastore drift traffic --live --shapes

        datastore drift traffic cassettes/*.yaml --spec openapi.yaml --suggest | git apply
    """
    only_live: dict[str, object] = {"--pad": pad, "--site": site, "--record": record_to, "--shapes": shapes or None}
    _validate_options(cassettes, live=live, only_live=only_live)
    from datastore_sdk.cli.traffic import compare_traffic  # slow to import

    return compare_traffic(
        cassettes or [],
        live=live,
        pad=pad,
        site=site,
        record_to=record_to,
        shapes=shapes,
        spec=spec,
        suggest=suggest_patch,
        output_format=OutputFormat.JSON if json else format,
    )


def _validate_options(cassettes: list[str] | None, *, live: bool, only_live: dict[str, object]) -> None:
    if not cassettes and not live:
        raise typer.BadParameter("pass cassettes, or --live to request from the service")
    options = [name for name, value in only_live.items() if value is not None]
    if options and not live:
        raise typer.BadParameter(f"{', '.join(options)} requires --live")
