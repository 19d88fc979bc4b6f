"""Options of `datastore watch`."""

from __future__ import annotations

from dataclasses import dataclass

from datastore_sdk.cli.options import (
    AnyFieldOption,
    CurvesOption,
    PadOption,
    ProfileOption,
    SiOption,
    SiteOption,
    ZoneOption,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """Options of `datastore watch`, as they were passed."""

    pad: PadOption = None
    site: SiteOption = None
    fields: CurvesOption = None
    si: SiOption = False
    any_field: AnyFieldOption = False
    tz: ZoneOption = None
    profile: ProfileOption = None
