"""`site_id` of states, stages and data changes."""

from __future__ import annotations

from typing import Any

import pytest

from datastore_sdk import DataChange, NotLoadedError, Site, Stage, State, UnusableValueError
from tests.support.sync_async_calls import Form

STAGE: dict[str, Any] = {"state": "frac_frac", "start": "2025-09-17T00:00:00Z", "end": None, "stage_number": 1}


@pytest.mark.usefixtures("sandbox")
def test_site_id_is_that_of_the_site(form: Form) -> None:
    site = Site(id=981)
    state = form(site, "get_state")
    assert state.site_id == state.site.id == 981
    stage = form(site, "get_stages_metadata")[0]
    assert stage.site_id == stage.site == stage["site"] == 981
    changes, _ = form(site, "get_data_changes")
    assert {change.site_id for change in changes} == {change.site for change in changes} == {981}


@pytest.mark.parametrize("unloaded", [State(id=5), DataChange(id=5), State(id=5, site={"name": "A"})])
def test_site_id_not_loaded_says_so(unloaded: State | DataChange) -> None:
    assert not hasattr(unloaded, "site_id")
    with pytest.raises(NotLoadedError):
        _ = unloaded.site_id


@pytest.mark.parametrize(
    "unusable",
    [
        State(id=5, site="A"),
        State(id=5, site={"id": "A"}),
        State(id=5, site=None),
        Stage.model_construct(None, **STAGE, site="A"),
    ],
)
def test_site_id_that_is_not_an_id_is_an_error(unusable: State | Stage) -> None:
    with pytest.raises((UnusableValueError, NotLoadedError), match="site"):
        _ = unusable.site_id
    assert "site" in unusable
