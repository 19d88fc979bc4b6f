# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

import pydantic

from ..types import Model


class StageAggregations(Model):
    """The numbers computed for one stage, by the names that `/parameters/` lists, with their units. The names
    declared here were observed; a pad can have fewer, and any number of others."""

    id: int
    """Id of the stage."""
    avg_bottomhole_pressure: int | float | None = None
    """Average bottomhole pressure."""
    avg_bottomhole_prop_conc: int | float | None = None
    """Average proppant concentration at the bottom of the hole."""
    avg_chlorides: int | float | None = None
    """Average concentration of chlorides."""
    avg_clean_conductivity: int | float | None = None
    """Average conductivity of the clean fluid."""
    avg_clean_corrosion: int | float | None = None
    """Average corrosion rate in the clean fluid."""
    avg_clean_density: int | float | None = None
    """Average density of the clean fluid."""
    avg_clean_rate: int | float | None = None
    """Average clean rate."""
    avg_clean_tds: int | float | None = None
    """Average total dissolved solids of the clean fluid."""
    avg_down_hole_pressure: int | float | None = None
    """Average downhole pressure."""
    avg_fr_conc: int | float | None = None
    """Average concentration of friction reducer."""
    avg_fr_secondary_conc: int | float | None = None
    """Average concentration of the secondary friction reducer."""
    avg_friction_reduction: int | float | None = None
    """Average friction reduction."""
    avg_gel_conc: int | float | None = None
    """Average gel concentration."""
    avg_prop_conc: int | float | None = None
    """Average proppant concentration."""
    avg_slurry_corrosion: int | float | None = None
    """Average corrosion rate in the slurry."""
    avg_slurry_density: int | float | None = None
    """Average slurry density."""
    avg_slurry_rate: int | float | None = None
    """Average slurry rate."""
    avg_surface_casing_pressure: int | float | None = None
    """Average surface casing pressure."""
    avg_surface_pressure: int | float | None = None
    """Average surface treating pressure."""
    avg_xlink_conc: int | float | None = None
    """Average crosslinker concentration."""
    max_frac_stage_step: int | float | None = None
    """Largest step number of the frac stage."""
    max_prop_conc: int | float | None = None
    """Maximum proppant concentration."""
    max_surface_pressure: int | float | None = None
    """Maximum surface treating pressure."""
    max_wl_depth: int | float | None = None
    """Maximum wireline depth."""
    min_frac_stage_step: int | float | None = None
    """Smallest step number of the frac stage."""
    start_pumping_time: int | float | None = None
    """Time at which pumping began, in unix seconds."""
    fr_conc_total: int | float | None = None
    """Total of the friction reducer."""
    fr_conc_secondary_total: int | float | None = None
    """Total of the secondary friction reducer."""
    gel_conc_total: int | float | None = None
    """Total of the gel."""
    xlink_conc_total: int | float | None = None
    """Total of the crosslinker."""
    total_clean_flow: int | float | None = None
    """Total clean volume."""
    total_duration: int | float | None = None
    """Duration of pumping, in seconds."""
    total_proppant: int | float | None = None
    """Total proppant."""
    total_slurry_flow: int | float | None = None
    """Total slurry volume."""

    __pydantic_extra__: dict[str, int | float | None] = pydantic.Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]
