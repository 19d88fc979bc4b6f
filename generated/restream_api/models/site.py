# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Any, Literal

from pydantic import AwareDatetime

from ..types import Model
from .site_metadata import SiteMetadata


class Site(Model):
    """One well on a pad."""

    id: int
    """Id of the site."""
    name: str
    """Name of the well."""
    date_created: AwareDatetime
    """When the site was set up, UTC."""
    latitude: float | None
    """Latitude of the wellhead, degrees north."""
    longitude: float | None
    """Longitude of the wellhead, degrees east (negative in the Americas)."""
    formation_name: str | None = None
    """Name of the geological formation that the well is completed in."""
    lease_name: str
    """Name of the mineral lease that the site lies on."""
    operator_name: str
    """Name of the company that operates the well."""
    crew: str | None = None
    """Name of the frac crew at work."""
    division: str | None = None
    """Division of the operator that the well belongs to."""
    metadata: SiteMetadata
    """The extent of the site's data."""
    well_api: str | None
    """API well number, the well's identifier in the United States."""
    pad_id: int | None
    """Id of the pad that the site lies on; null for none."""
    is_demo_site: bool
    """Whether the data is a demonstration."""
    stage_total: int | None
    """How many stages are planned; null when that is unknown."""
    timezone: str | None
    """Time zone of the site, such as `US/Central`."""
    fleet_id: int | None = None
    """Id of the frac fleet at work."""
    fleet_name: str | None = None
    """Name of the frac fleet at work."""
    current_stage_number: int | None = None
    """Number of the stage at work. Only in the WebSocket's messages."""
    current_state: (
        Literal["frac_frac", "standby_standby", "wl_onsurface", "wl_pullingoutofhole", "wl_runinhole"] | str | None
    ) = None
    """What goes on at the site. Only in the WebSocket's messages."""
    current_data_sources: Any = None
    """The measurement sources at work on the site. Only in the WebSocket's messages."""
