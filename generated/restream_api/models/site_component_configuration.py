# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from pydantic import AwareDatetime

from ..types import Model
from .component_configuration import ComponentConfiguration


class SiteComponentConfiguration(Model):
    """The sensors on a site that its state is found out from."""

    id: int
    """Id of the configuration."""
    site: int | None = None
    """Id of the site."""
    component_configurations: list[ComponentConfiguration]
    """One configuration for each sensor."""
    site_name: str | None = None
    """Name of the site."""
    date_created: AwareDatetime | None = None
    """When the configuration was written, UTC."""
    valve_tree_layout: int | None = None
    """Id of the layout of the valves on the wellhead."""
