# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ..types import Model


class Field(Model):
    """A field that records of `/data/` can have."""

    id: int
    """Id of the field."""
    name: str
    """Name of the field, the key in records."""
    label: str
    """Name of the field for people."""
    si_unit: str | None
    """Its SI unit, such as `kPa`."""
    imperial_unit: str | None
    """Its imperial (oilfield) unit, such as `psi`."""
    energistics_si_unit: str | None
    """Its SI unit, as the Energistics standard writes it."""
    energistics_imperial_unit: str | None
    """Its imperial unit, as the Energistics standard writes it."""
    simops_label: str | None
    """Name of the field for people under simops."""
    description: str | None
    """What is measured."""
    connect_nulls: bool
    """Whether a plot draws its line across missing values."""
    customer_facing_label: str | None
    """Name of the field for the customer's people."""
    primary_color: str | None
    """First colour in plots, `#RRGGBB`."""
    secondary_color: str | None
    """Second colour in plots, `#RRGGBB`."""
    tertiary_color: str | None
    """Third colour in plots, `#RRGGBB`."""
    source_category: str | None
    """Kind of source that measures it, such as `frac`, `wl`, `fluid` or `pd`."""
    field_category: str | None
    """Group of fields that it belongs to, such as `frac`, `wl` or `misc`."""
    si_plot_min: float | None
    """Lower end of a plot's axis, in the SI unit."""
    si_plot_max: float | None
    """Upper end of a plot's axis, in the SI unit."""
    imperial_plot_min: float | None
    """Lower end of a plot's axis, in the imperial unit."""
    imperial_plot_max: float | None
    """Upper end of a plot's axis, in the imperial unit."""
