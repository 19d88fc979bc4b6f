# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Any

from pydantic import AwareDatetime

from ..types import Model
from .fleet import Fleet
from .state_pad import StatePad


class StateSite(Model):
    """The site of a state, in short."""

    id: int
    """Id of the site."""
    slug: str | None = None
    """The name as part of a URL."""
    well_api: str | None = None
    """API well number, the well's identifier in the United States."""
    name: str
    """Name of the well."""
    short_name: str | None = None
    """Name of the well in a few letters."""
    fleet: Fleet | None = None
    """The frac fleet at work; null for none."""
    crew: Any = None
    """The frac crew at work; null for none."""
    stage_total: int | None = None
    """How many stages are planned; null when that is unknown."""
    date_created: AwareDatetime | None = None
    """When the site was set up, UTC."""
    pad: StatePad | None = None
    """The pad that the site lies on; null for none."""
    latitude: float | None = None
    """Latitude of the wellhead, degrees north."""
    db: str | None = None
    """Name of the service's database of the site."""
    longitude: float | None = None
    """Longitude of the wellhead, degrees east (negative in the Americas)."""
    timezone: str | None = None
    """Time zone of the site, such as `US/Central`."""
    memcache_read: bool | None = None
    """Whether the service reads the site's data from its cache."""
    memcache_write: bool | None = None
    """Whether the service writes the site's data to its cache."""
    primary_color: str | None = None
    """Colour of the site in plots, `#RRGGBB`."""
