"""Attributes of objects, their loading, and how objects are compared, copied, pickled and shown."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from copy import copy, deepcopy
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from datastore_sdk import Client, DataChange, Pad, Site, State
from datastore_sdk.exceptions import NotFoundError, NotLoadedError
from datastore_sdk.sandbox import Sandbox
from tests.support.sync_async_calls import Form, list_requests

Kind = type[Pad] | type[Site] | type[State]

KINDS = pytest.mark.parametrize(
    ("kind", "path", "id", "name"),
    [(Pad, "pads", 668, "name"), (Site, "sites", 981, "name"), (State, "states", 20981, "current_state")],
)


@KINDS
def test_from_an_id_alone_nothing_else_is_known(sandbox: Sandbox, kind: Kind, path: str, id: int, name: str) -> None:
    model = kind(id=id)
    assert kind(id) == model
    assert model.id == id
    assert dict(model) == {"id": id}
    assert getattr(model, name, None) is None
    assert not hasattr(model, name)
    assert list_requests(sandbox) == []
    assert path


@KINDS
def test_what_is_not_loaded_says_so(kind: Kind, path: str, id: int, name: str) -> None:
    with pytest.raises(NotLoadedError) as caught:
        getattr(kind(id=id), name)
    assert str(caught.value) == (
        f"{kind.__name__}(id={id}).{name} is not loaded: only part of the object is known; "
        "call update() or await aupdate() first"
    )
    assert isinstance(caught.value, AttributeError)
    assert path


@pytest.mark.parametrize("kind", [Pad, Site, State, DataChange])
def test_what_does_not_exist_is_an_ordinary_attribute_error(kind: Callable[..., object]) -> None:
    with pytest.raises(AttributeError, match="nmae") as caught:
        getattr(kind(id=668), "nmae")  # noqa: B009 - type checkers refuse the plain form, as they should
    assert not isinstance(caught.value, NotLoadedError)


@KINDS
def test_update_loads_the_rest_in_place(
    sandbox: Sandbox, form: Form, kind: Kind, path: str, id: int, name: str
) -> None:
    model = kind(id=id)
    assert form(model, "update") is None
    assert list_requests(sandbox) == [f"GET /{path}/{id}/"]
    assert getattr(model, name)
    assert model == form(kind, "get_model", id)


@pytest.mark.usefixtures("sandbox")
def test_update_replaces_all_attributes(form: Form) -> None:
    site: Any = Site(id=981, name="as it was called once", rig="one that left")
    form(site, "update")
    assert site.name == "Caprock East 1WA"
    assert not hasattr(site, "rig")


@pytest.mark.usefixtures("sandbox")
def test_a_failed_update_changes_nothing(form: Form) -> None:
    pad = Pad(id=5, name="as it was called once")
    with pytest.raises(NotFoundError):
        form(pad, "update")
    assert dict(pad) == {"id": 5, "name": "as it was called once"}


def test_a_state_follows_the_site(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2025, 9, 17, 0, tzinfo=UTC).timestamp()
    with Sandbox(now=lambda: now, days=1) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        monkeypatch.setenv("RESTREAM_HOST", "http://127.0.0.1:9")  # nothing but the state's own client leads there
        state = form(State, "get_model", 20981, client=client)
        before = state.current_state, state.last_state_update
        seen = state
        now += 4 * 3600
        form(state, "update")
        form(client, "close")
    assert (state.current_state, state.last_state_update) != before
    assert state.last_state_update > before[1]
    assert seen is state


@KINDS
@pytest.mark.usefixtures("sandbox")
def test_equal_where_all_values_are(kind: Kind, path: str, id: int, name: str) -> None:
    model, again = kind.get_model(id), kind.get_model(id)
    assert model == again
    assert hash(model) == hash(again)
    assert {model, again} == {model}
    assert model != kind(id=id)
    assert hash(model) == hash(kind(id=id))
    assert model != dict(model)
    setattr(again, name, "another")
    assert model != again
    assert path


def test_objects_of_different_kinds_differ() -> None:
    assert Pad(id=5) != Site(id=5)
    assert len({Pad(id=5), Site(id=5), State(id=5)}) == 3
    assert Pad(id=5, auth_token="one") == Pad(id=5, auth_token="other")


def pickle_and_load(model: object) -> Any:
    return pickle.loads(pickle.dumps(model))


@KINDS
@pytest.mark.parametrize("copied", [copy, deepcopy, pickle_and_load])
@pytest.mark.usefixtures("sandbox")
def test_copies_are_equal_and_can_call(
    form: Form, copied: Callable[[Any], Any], kind: Kind, path: str, id: int, name: str
) -> None:
    model = form(kind, "get_model", id)
    for original in (model, kind(id=id)):
        twin = copied(original)
        assert twin is not original
        assert twin == original
        assert type(twin) is kind
        form(twin, "update")
        assert twin == model
    assert path
    assert name


def test_changing_a_deep_copy_leaves_the_original_alone(sandbox: Sandbox) -> None:
    pad = Pad.get_model(668)
    twin = deepcopy(pad)
    assert twin.simops_config
    assert pad.simops_config
    twin.simops_config.measurement_sources.frac.clear()
    assert pad.simops_config.measurement_sources.frac
    assert len(sandbox.requests) == 1


@pytest.mark.usefixtures("sandbox")
def test_shown_by_what_matters() -> None:
    assert repr(Pad(id=668)) == "Pad(id=668)"
    assert repr(Pad.get_model(668)) == "Pad(id=668, name='Mesquite Draw 14', customer_name='Mesa Verde Resources')"
    assert repr(Site.get_model(981)) == "Site(id=981, name='Caprock East 1WA', pad_id=681)"
    assert repr(Site(id=981, name="1WA")) == "Site(id=981, name='1WA')"
    assert repr(State.get_model(20981)).startswith("State(id=20981, site_name='Caprock East 1WA', current_state='")


@pytest.mark.parametrize("kind", [Pad, Site, State, DataChange])
@pytest.mark.parametrize("id", ["668", 6.68, None, True, b"668"])
def test_an_id_is_an_int(kind: Callable[..., object], id: object) -> None:
    with pytest.raises(TypeError, match="id must be an int, not "):
        kind(id=id)


def test_an_id_may_come_out_of_a_data_frame(sandbox: Sandbox) -> None:
    frame = pd.DataFrame({"id": [981], "number": [1]})
    site = Site(id=frame["id"][0])
    assert (site.id, type(site.id)) == (981, int)
    assert Site.get_model(frame["id"][0]).id == 981
    data = site.get_data(stage_number=frame["number"][0], stage_name_filter="frac")
    data.head(1)
    assert ("stage_number", "1") in sandbox.requests[-1].query


@pytest.mark.parametrize("kind", [Pad, Site, State, DataChange])
@pytest.mark.parametrize("id", [0, -668])
def test_an_id_is_positive(kind: Callable[..., object], id: int) -> None:
    with pytest.raises(ValueError, match=f"id must be positive, not {id}"):
        kind(id=id)
