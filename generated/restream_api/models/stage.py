# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Literal

from pydantic import AwareDatetime

from ..types import Model


class Stage(Model):
    """One operation on one stage of a site's completion, such as fracturing it."""

    state: Literal["frac_frac", "standby_standby", "wl_onsurface", "wl_pullingoutofhole", "wl_runinhole"] | str
    """What was done, `<operation>_<detail>`: `frac_frac`, `wl_runinhole`, `standby_standby`, ..."""
    start: AwareDatetime
    """When it began, UTC."""
    end: AwareDatetime | None
    """When it ended, UTC; null while it goes on."""
    stage_number: int
    """Number of the stage on its site."""
    site: int
    """Id of the site."""
    id: int | None = None
    """Id of the stage; absent while it goes on."""
