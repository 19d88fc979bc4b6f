# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from pydantic import AwareDatetime

from ..types import Model


class SiteMetadata(Model):
    """The extent of a site's data."""

    first_timestamp: AwareDatetime | None
    """Moment of the first record; null when there is none."""
    last_timestamp: AwareDatetime | None
    """Moment of the last record; null when there is none."""
