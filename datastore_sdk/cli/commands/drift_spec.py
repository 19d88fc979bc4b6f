"""`datastore drift spec`: compare two OpenAPI documents."""

from __future__ import annotations

from typing import Annotated

import typer

from datastore_sdk.cli.report_output import FormatOption, JsonOption, OutputFormat, write_report

SDK_SPEC = "sdk"
"""Argument for the document that this SDK was generated from."""


def spec(
    old: Annotated[
        str, typer.Argument(help=f"Old OpenAPI document: a file, a URL, or `{SDK_SPEC}` for the SDK's own.")
    ],
    new: Annotated[str, typer.Argument(help=f"New OpenAPI document: a file, a URL, or `{SDK_SPEC}`.")],
    *,
    format: FormatOption = OutputFormat.TEXT,
    json: JsonOption = False,
) -> int:
    """List the changes between two OpenAPI documents, and their effect on programs that use the SDK.

    Each change is **breaking**, **compatible** or **documentation**, and lists the classes, methods and attributes of
    the SDK that it affects. Documents are OpenAPI 3.0 or 3.1, in YAML or JSON.

    Exit status: **0** no drift, **1** drift, **2** breaking drift, **3** could not run.

    For example:

        datastore drift spec openapi-old.yaml openapi-new.yaml

        datastore drift spec sdk https://example.com/openapi.json --format github
    """
    from datastore_sdk.drift import compare, load_shipped_spec, load_spec  # slow to import

    specs = [load_shipped_spec() if source == SDK_SPEC else load_spec(source) for source in (old, new)]
    report = compare(*specs)
    write_report(report, OutputFormat.JSON if json else format)
    return report.status
