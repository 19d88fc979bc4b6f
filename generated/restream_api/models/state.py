# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Literal

from pydantic import AwareDatetime

from ..types import Model
from .primary_field_values import PrimaryFieldValues
from .site_component_configuration import SiteComponentConfiguration
from .state_site import StateSite
from .truth_table import TruthTable


class State(Model):
    """What goes on at a site right now, and how that was found out."""

    id: int
    """Id of the state."""
    site: StateSite
    """The site."""
    site_component_configuration: SiteComponentConfiguration
    """The valve sensors that the state is found out from."""
    truth_table: TruthTable
    """Which valve positions mean which state."""
    current_state: Literal["frac_frac", "standby_standby", "wl_onsurface", "wl_pullingoutofhole", "wl_runinhole"] | str
    """What goes on, `<operation>_<detail>`: `frac_frac`, `wl_runinhole`, `standby_standby`, ..."""
    actual_stage_number: int | None
    """Number of the stage as entered by hand; null when it was not."""
    completed_stage_number: int | None
    """Number of the last stage that was completed."""
    calculated_stage_number: int | None
    """Number of the stage at work, as counted by the service."""
    site_name: str
    """Name of the site."""
    date_created: AwareDatetime
    """When the state was written, UTC."""
    last_updated: AwareDatetime
    """When the state was last written, UTC."""
    last_state_update: AwareDatetime
    """Since when `current_state` lasts, UTC, by the sensors' clock."""
    truth_table_calculating: bool
    """Deprecated. Whether the state is being worked out."""
    state_change_primary_field_values: PrimaryFieldValues
    """Values of the primary fields when the state last changed."""
    last_state_update_system_time: AwareDatetime | None
    """Since when `current_state` lasts, UTC, by the service's clock."""
    last_state_confirmation_time: AwareDatetime | None
    """When the sensors last confirmed `current_state`, UTC."""
    previous_state: int | None
    """Id of the stage before this one."""
