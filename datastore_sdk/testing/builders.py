"""Builders of pads, sites, states, stages and data changes, for tests of programs that use the SDK.

Each builder fills the attributes that a test does not name. No request is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

from datastore_sdk._utils.validation import validate_known
from datastore_sdk.client import Client
from datastore_sdk.entities import DataChange, Pad, Site, Stage, State
from datastore_sdk.entities.base import Entity
from restream_api import models

E = TypeVar("E", bound=Entity)

_NOON = datetime(2025, 9, 17, 12, tzinfo=UTC)
_EMPTY_VALUES: dict[Any, Any] = {bool: False, int: 0, float: 0.0, str: "", list: [], dict: {}, AwareDatetime: _NOON}


def make_pad(id: int = 668, *, client: Client | None = None, **attributes: Any) -> Pad:
    """Return a pad for a test.

    Args:
        id: Id of the pad.
        client: Client for the pad's own calls. Default: the one of the environment.
        **attributes: Other attributes, such as `name`. The rest is filled.

    Raises:
        TypeError: The pad has no such attribute.
        ValueError: A value does not fit the API contract.
    """
    return _build(Pad, models.Pad, {"name": f"Pad {id}"}, {"id": id, **attributes}, client)


def make_site(id: int = 981, *, pad_id: int | None = 668, client: Client | None = None, **attributes: Any) -> Site:
    """Return a site for a test.

    Args:
        id: Id of the site.
        pad_id: Id of its pad; None for a site without a pad.
        client: Client for the site's own calls. Default: the one of the environment.
        **attributes: Other attributes, such as `name` or `timezone`. The rest is filled.

    Raises:
        TypeError: The site has no such attribute.
        ValueError: A value does not fit the API contract.
    """
    values = {"id": id, "pad_id": pad_id, **attributes}
    return _build(Site, models.Site, {"name": f"Site {id}", "timezone": "US/Central"}, values, client)


def make_state(
    id: int = 20981,
    *,
    site_id: int = 981,
    current_state: str = "frac_frac",
    stage_number: int | None = 1,
    client: Client | None = None,
    **attributes: Any,
) -> State:
    """Return the current state of a site for a test.

    Args:
        id: Id of the state.
        site_id: Id of the site.
        current_state: The operation under way, such as "frac_frac", "wl_runinhole" or "standby_standby".
        stage_number: Number of the current stage (`actual_stage_number` and `calculated_stage_number`).
        client: Client for the state's own calls. Default: the one of the environment.
        **attributes: Other attributes, such as `last_state_update`. The rest is filled.

    Raises:
        TypeError: The state has no such attribute.
        ValueError: A value does not fit the API contract.
    """
    defaults = {
        "site": {"id": site_id, "name": f"Site {site_id}"},
        "site_name": f"Site {site_id}",
        "actual_stage_number": stage_number,
        "calculated_stage_number": stage_number,
    }
    return _build(State, models.State, defaults, {"id": id, "current_state": current_state, **attributes}, client)


def make_stage(
    stage_number: int = 1,
    *,
    id: int | None = 1,
    site_id: int = 981,
    state: str = "frac_frac",
    start: datetime = _NOON,
    end: datetime | None = _NOON + timedelta(hours=2),
    aggregations: Mapping[str, float | None] | None = None,
    client: Client | None = None,
) -> Stage:
    """Return a stage for a test.

    Args:
        stage_number: Number of the stage.
        id: Id of the stage; None for the current stage, which has no id yet.
        site_id: Id of the site.
        state: The operation, such as "frac_frac", "wl_runinhole" or "standby_standby".
        start: Start, with a time zone.
        end: End, with a time zone; None for the current stage.
        aggregations: Numbers computed for the stage, by name: `{"avg_slurry_rate": 91.5}`.
        client: Client for the stage's own calls. Default: the one of the environment.

    Raises:
        ValueError: A value does not fit the API contract.
    """
    values: dict[str, Any] = {
        "state": state,
        "start": start,
        "end": end,
        "stage_number": stage_number,
        "site": site_id,
    }
    if id is not None:
        values["id"] = id
    if aggregations is not None:
        values["aggregations"] = {"id": id or 0, **aggregations}
    stage = Stage.model_validate(values)
    return stage if client is None else Stage.from_api_model(stage, client)


def make_data_change(
    id: int = 1,
    *,
    site_id: int = 981,
    start_date: datetime = _NOON,
    end_date: datetime = _NOON + timedelta(hours=2),
    client: Client | None = None,
    **attributes: Any,
) -> DataChange:
    """Return a data change for a test.

    Args:
        id: Id of the change.
        site_id: Id of the site.
        start_date: Start of the corrected interval, with a time zone.
        end_date: End of the corrected interval, with a time zone.
        client: Client for the change's own calls. Default: the one of the environment.
        **attributes: Other attributes, such as `modification_subtype`. The rest is filled.

    Raises:
        TypeError: The change has no such attribute.
        ValueError: A value does not fit the API contract.
    """
    defaults = {"modification_type": "transaction", "modification_subtype": "override"}
    values = {"id": id, "site": site_id, "start_date": start_date, "end_date": end_date, **attributes}
    return _build(DataChange, models.DataChange, defaults, values, client)


def _build(
    kind: type[E], api_model: type[BaseModel], defaults: dict[str, Any], values: dict[str, Any], client: Client | None
) -> E:
    validate_known(values, api_model.model_fields, f"an attribute of {kind.__name__}")
    model = api_model.model_validate({**_get_required_values(api_model), **defaults, **values})
    return kind.from_api_model(model, client)


def _get_required_values(api_model: type[BaseModel]) -> dict[str, Any]:
    """Return a value for each required attribute of a model, by the name that the service uses."""
    return {
        field.validation_alias if isinstance(field.validation_alias, str) else name: _get_value(field.annotation)
        for name, field in api_model.model_fields.items()
        if field.is_required()
    }


def _get_value(annotation: Any) -> Any:
    """Return None, an empty value or a minimal object, as the type allows."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        return None if type(None) in arguments else _get_value(arguments[-1])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _get_required_values(annotation)
    return _EMPTY_VALUES.get(origin or annotation)
