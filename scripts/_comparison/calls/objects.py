"""Pads, sites, states, and their attributes."""

from __future__ import annotations

from typing import Final

from _comparison.deviations import (
    FLOATS,
    FRESH_SOURCES,
    NO_SOURCES,
    SITE_CONFIRMS,
    WHOLE_SOURCES,
)
from _comparison.verdicts import Call

_PADS: Final = (
    Call("Pad.get_models()"),
    Call("Pad.get_models(as_dict=True)"),
    Call("Pad.get_models(complete=True)"),
    Call("Pad.get_models(complete=False, as_dict=True)"),
    Call('Pad.get_models(well_api="4232940981")'),
    Call("Pad.get_models(site_pk=981)", (SITE_CONFIRMS,)),
    Call('Pad.get_models(name_search="caprok")'),
    Call("Pad.get_models(fleet_id=31)"),
    Call('Pad.get_models(fleet_name="blue")'),
    Call('Pad.get_models(name_search="no pad is called that")', empty=True),
    Call("Pad.get_models(complete=None)"),
    Call('Pad.get_models(auth_token="token")'),
    Call("Pad.get_model(id=668)"),
    Call("Pad.get_model(id=681, as_dict=True)"),
    Call('Pad.get_model(id=668, auth_token="token")'),
    Call("pad = Pad(id=703); pad.update(); pad"),
    Call("Pad(**Pad.get_model(id=654, as_dict=True))"),
)

_SITES: Final = (
    Call("Site.get_models()"),
    Call("Site.get_models(as_dict=True)"),
    Call("Site.get_models(complete=True)"),
    Call("Site.get_models(complete=False)"),
    Call("Site.get_models(pad__id=668)"),
    Call("Site.get_models(pad_pk=681)"),
    Call('Site.get_models(well_api="4232940981")'),
    Call('Site.get_models(name_search="caprock")'),
    Call('Site.get_models(formation_name="Austin")'),
    Call('Site.get_models(pad_name="oak")'),
    Call("Site.get_models(latitude_gte=31.5, latitude_lte=32)"),
    Call("Site.get_models(longitude_gte=-102.0, longitude_lte=-98.0)"),
    Call("Site.get_models(latitude=32.0, longitude=-102.0, radius_miles=25)"),
    Call("Site.get_models(lat=32.0, long=-102.0, radius_miles=25.5)"),
    Call("Site.get_models(fleet_id=33)"),
    Call('Site.get_models(fleet_name="fleet", as_dict=True)'),
    Call("Site.get_models(pad_pk=1)", empty=True),
    Call('Site.get_models(auth_token="token")'),
    Call("Site.get_model(id=981)"),
    Call("Site.get_model(id=1042, as_dict=True)"),
    Call("site = Site(id=911); site.update(); site"),
    Call("Site(**Site.get_model(id=981, as_dict=True))"),
    Call("Site(id=981).get_pad()"),
    Call("Site(id=981).get_pad(as_dict=True)"),
    Call("Site.get_model(id=981).get_pad()"),
    Call("Pad(id=668).get_sites()"),
    Call('Pad(id=668, auth_token="token").get_sites(as_dict=True)'),
    Call('Pad(id=668).get_sites(complete=False, well_api="4232940942", name_search="mesquite")'),
    Call('Pad(id=668).get_sites(formation_name="wolfcamp", fleet_id=31, fleet_name="red")'),
    Call("Pad(id=668).get_sites(latitude_gte=31.9413, latitude_lte=31.9418)"),
    Call("Pad(id=668).get_sites(longitude_gte=-102.0734, longitude_lte=-102.0732)"),
    Call("Pad(id=668).get_sites(latitude=31.9412, longitude=-102.0731, radius_miles=0.02)"),
)

_STATES: Final = (
    Call("State.get_models()"),
    Call("State.get_models(stage_name_filter=StageNameFilters.STANDBY)"),
    Call("State.get_models(pad__id=681, as_dict=True)"),
    Call('State.get_models(site__id=981, auth_token="token")'),
    Call('State.get_model(id=Site(id=981).get_state().id, auth_token="token")'),
    Call("State.get_model(id=Site(id=981).get_state().id, as_dict=True)"),
    Call("state = Site(id=941).get_state(); state.update(); state"),
    Call("Site(id=981).get_state()"),
    Call("Site(id=981).get_state(as_dict=True)"),
    Call("Site(id=1042).get_state()", empty=True),
    Call("Pad(id=681).get_states()"),
    Call("Pad(id=681).get_states(as_dict=True)"),
    Call("Pad(id=668).get_states(stage_name_filter=StageNameFilters.FRAC)"),
    Call("Pad(id=681).get_states(stage_name_filter=StageNameFilters.STANDBY, as_dict=True)"),
)

_METADATA: Final = (
    Call("Pad(id=681).get_fields_metadata()", (FLOATS,)),
    Call("Site(id=981).get_fields_metadata()", (FLOATS,)),
    Call("Pad(id=668).get_measurement_sources_metadata()"),
    Call("Pad.get_model(id=668).get_measurement_sources_metadata()", (FRESH_SOURCES,)),
    Call("Pad(id=703).get_measurement_sources_metadata()", (NO_SOURCES,)),
    Call("Site(id=941).get_measurement_sources_metadata()", (WHOLE_SOURCES,)),
    Call("Site(id=1041).get_measurement_sources_metadata()", (NO_SOURCES,)),
)

OBJECTS: Final = (*_PADS, *_SITES, *_STATES, *_METADATA)
