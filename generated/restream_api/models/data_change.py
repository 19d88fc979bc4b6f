# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from typing import Literal

from pydantic import AwareDatetime

from ..types import Model


class DataChange(Model):
    """A correction of historical data of a site."""

    id: int
    """Id of the change."""
    created_at: AwareDatetime
    """When the data was corrected, UTC."""
    modification_type: Literal["translation_layer", "transaction"] | str
    """What was corrected: `translation_layer`, `transaction`; new values can come."""
    modification_subtype: (
        Literal[
            "add",
            "change",
            "delete",
            "move",
            "move_delete",
            "move_copy",
            "augment",
            "augment_update",
            "augment_insert",
            "annotate",
            "override",
            "reverse",
        ]
        | str
    )
    """How it was corrected: `add`, `change`, `delete`, `move`, `move_delete`, `move_copy`, `augment`,
    `augment_update`, `augment_insert`, `annotate`, `override`, `reverse`; new values can come."""
    start_date: AwareDatetime
    """First moment of the corrected data, UTC."""
    end_date: AwareDatetime
    """Last moment of the corrected data, UTC."""
    site: int
    """Id of the site."""
