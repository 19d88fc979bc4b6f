"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from datastore_sdk.cli.completion import complete_fields, complete_pads, complete_sites, complete_zones
from datastore_sdk.enums import DataResolutions, StageNameFilters


class Resolution(StrEnum):
    """Intervals that a record can cover."""

    SECOND = "second"
    TEN_SECOND = "ten-second"
    MINUTE = "minute"
    TEN_MINUTE = "ten-minute"
    HOUR = "hour"

    @property
    def argument(self) -> DataResolutions:
        """The member of the SDK's enumeration."""
        return DataResolutions.SECOND if self is Resolution.SECOND else DataResolutions(self.value)


PadOption = Annotated[int | None, typer.Option(help="Id of the pad.", autocompletion=complete_pads)]
SiteOption = Annotated[int | None, typer.Option(help="Id of the site (well).", autocompletion=complete_sites)]
SinceOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="From this time until now: 24h, 7d, 90m, yesterday, or ISO 8601.")
]
FromOption = Annotated[str | None, typer.Option("--from", metavar="TIME", help="Start, included.")]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="End, included; a day stands for its last second.")
]
StageOption = Annotated[int | None, typer.Option(min=1, help="Number of the stage.")]
StateOption = Annotated[StageNameFilters | None, typer.Option(help="Only this operation.")]
FieldsOption = Annotated[
    str | None,
    typer.Option(metavar="NAMES", help="Fields, joined by commas. Default: all.", autocompletion=complete_fields),
]
CurvesOption = Annotated[
    str | None,
    typer.Option(
        "--fields",
        metavar="NAMES",
        help="Fields, joined by commas. Default: treating pressure, slurry rate, proppant concentration.",
        autocompletion=complete_fields,
    ),
]
ResolutionOption = Annotated[Resolution, typer.Option(help="Interval that one record covers.")]
SiOption = Annotated[bool, typer.Option("--si", help="SI units. Default: oilfield units.")]
RoutedOption = Annotated[
    bool, typer.Option("--routed", help="With --pad: each record belongs to one site, with plain field names.")
]
AnyFieldOption = Annotated[bool, typer.Option("--any-field", help="Do not check the names of --fields.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")]
ZoneOption = Annotated[
    str | None,
    typer.Option(
        "--tz",
        metavar="ZONE",
        help="Time zone of days and of shown times: a name, or `site` for that of the well. Default: UTC.",
        autocompletion=complete_zones,
    ),
]
ProfileOption = Annotated[str | None, typer.Option(help="Profile. Default: the one that the SDK uses.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, as the service sent it.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes on standard error.")]
