"""Changes of the SDK's OpenAPI document."""

from __future__ import annotations

from typing import Any

from tests.drift.drift_cases import V1, B, C, D, SpecCase
from tests.drift.spec_builders import Mutation, Node


def schema(content: Node, name: str) -> Node:
    found: Node = content["components"]["schemas"][name]
    return found


def parameter(content: Node, name: str) -> Node:
    found: Node = content["components"]["parameters"][name]
    return found


def call(content: Node, path: str, method: str = "get") -> Node:
    found: Node = content["paths"][V1 + path][method]
    return found


def prop(name: str, key: str, **values: Any) -> Mutation:
    """Change keywords of a property; None removes a keyword."""

    def mutate(content: Node) -> None:
        node = schema(content, name)["properties"][key]
        node.update(values)
        for keyword in [keyword for keyword, value in values.items() if value is None]:
            del node[keyword]

    return mutate


def rename(name: str, key: str, new: str) -> Mutation:
    def mutate(content: Node) -> None:
        node = schema(content, name)
        node["properties"][new] = node["properties"].pop(key)
        node["required"] = [new if each == key else each for each in node["required"]]

    return mutate


SPEC_CASES = [
    SpecCase(
        "field of a response removed",
        lambda c: schema(c, "Pad")["properties"].pop("name"),
        "response-property-removed",
        B,
        "Pad.name",
    ),
    SpecCase(
        "field of a response renamed",
        rename("Stage", "stage_number", "stage_no"),
        "response-property-renamed",
        B,
        "Stage.stage_number",
    ),
    SpecCase(
        "field of a response new",
        lambda c: schema(c, "Site")["properties"].update(rig={"type": "string"}),
        "response-property-added",
        C,
        "Site.get_models()",
    ),
    SpecCase(
        "field of a response can be absent",
        lambda c: schema(c, "State")["required"].remove("current_state"),
        "response-property-became-optional",
        B,
        "State.current_state",
    ),
    SpecCase(
        "field of a response always there",
        lambda c: schema(c, "Stage")["required"].append("id"),
        "response-property-became-required",
        C,
        "Stage.id",
    ),
    SpecCase(
        "null added to a response",
        prop("Site", "name", type=["string", "null"]),
        "response-property-became-nullable",
        B,
        "Site.name",
    ),
    SpecCase(
        "null taken out of a response",
        prop("Site", "timezone", type="string"),
        "response-property-became-not-nullable",
        C,
        "Site.timezone",
    ),
    SpecCase(
        "type of a response widened",
        prop("Site", "stage_total", type=["number", "null"]),
        "response-property-type-widened",
        B,
        "Site.stage_total",
    ),
    SpecCase(
        "type of a response narrowed",
        prop("ParameterCondition", "value", type="integer"),
        "response-property-type-narrowed",
        C,
        "ParameterCondition.value",
    ),
    SpecCase(
        "type of a response changed",
        prop("DataChange", "id", type="string"),
        "response-property-type-changed",
        B,
        "DataChange.id",
    ),
    SpecCase(
        "format of a response changed",
        prop("DataChange", "start_date", format="date"),
        "response-property-format-changed",
        B,
        "DataChange.start_date",
    ),
    SpecCase(
        "enumeration put on a response",
        prop("DataChange", "modification_type", enum=["transaction"]),
        "response-property-became-enum",
        C,
        "DataChange.modification_type",
    ),
    SpecCase(
        "type in a union of a response new",
        lambda c: schema(c, "Timestamp")["anyOf"].append({"type": "boolean"}),
        "response-property-alternative-added",
        B,
        "SiteMetadata.first_timestamp",
    ),
    SpecCase(
        "attribute whose name is shadowed removed",
        lambda c: schema(c, "TruthTable")["properties"].pop("schema"),
        "response-property-removed",
        B,
        "TruthTable.schema_",
    ),
    SpecCase(
        "value of a request's enumeration removed",
        lambda c: schema(c, "Resolution")["enum"].remove("hour"),
        "request-parameter-enum-value-removed",
        B,
        "Site.get_data(resolution=)",
    ),
    SpecCase(
        "value of a request's enumeration new",
        lambda c: schema(c, "FillMethod")["enum"].append("nearest"),
        "request-parameter-enum-value-added",
        C,
        "Site.get_data(fill_data_method=)",
    ),
    SpecCase(
        "limit of a request raised",
        lambda c: parameter(c, "FillDataLimit")["schema"].update(minimum=10),
        "request-parameter-minimum-increased",
        B,
        "Pad.get_data(fill_data_limit=)",
    ),
    SpecCase(
        "pattern of a request changed",
        lambda c: schema(c, "Moment").update(pattern="^x$"),
        "request-parameter-pattern-changed",
        B,
        "Site.get_data(start_datetime=)",
    ),
    SpecCase(
        "parameter removed",
        lambda c: call(c, "/pads/")["parameters"].pop(0),
        "request-parameter-removed",
        B,
        "Pad.get_models(complete=)",
    ),
    SpecCase(
        "parameter renamed",
        lambda c: parameter(c, "NameSearch").update(name="name_query"),
        "request-parameter-renamed",
        B,
        "Pad.get_models(name_search=)",
    ),
    SpecCase(
        "parameter moved",
        lambda c: parameter(c, "WellApi").update({"in": "header"}),
        "request-parameter-moved",
        B,
        "Site.get_models(well_api=)",
    ),
    SpecCase(
        "parameter newly required",
        lambda c: parameter(c, "FleetId").update(required=True),
        "request-parameter-became-required",
        B,
        "Pad.get_models(fleet_id=)",
    ),
    SpecCase(
        "required parameter new",
        lambda c: call(c, "/states/")["parameters"].append(
            {"name": "zone", "in": "query", "required": True, "schema": {}}
        ),
        "request-parameter-added-required",
        B,
        "State.get_models()",
    ),
    SpecCase(
        "optional parameter new",
        lambda c: call(c, "/states/")["parameters"].append({"name": "zone", "in": "query", "schema": {}}),
        "request-parameter-added",
        C,
        "State.get_models()",
    ),
    SpecCase(
        "parameter written in another way",
        lambda c: parameter(c, "Fields").update(explode=True),
        "request-parameter-serialization-changed",
        B,
        "Site.get_data(fields=)",
    ),
    SpecCase(
        "field of a body newly required",
        lambda c: schema(c, "NewParameter")["required"].append("description"),
        "request-property-became-required",
        B,
        "NewParameter.description",
    ),
    SpecCase(
        "field of a body removed",
        lambda c: schema(c, "ParameterPatch")["properties"].pop("color"),
        "request-property-removed",
        B,
        "Pad.update_stages_aggregation()",
    ),
    SpecCase(
        "other keys of a body allowed",
        lambda c: schema(c, "NewParameter").pop("additionalProperties"),
        "request-body-became-open",
        C,
        "NewParameter",
    ),
    SpecCase(
        "body of another media type",
        lambda c: c["components"]["requestBodies"]["ParameterPatch"].update(content={"text/csv": {}}),
        "request-body-media-type-removed",
        B,
        "Site.update_stages_aggregation()",
    ),
    SpecCase(
        "call removed", lambda c: c["paths"].pop(f"{V1}/states/{{state_id}}/"), "endpoint-removed", B, "State.update()"
    ),
    SpecCase(
        "call moved",
        lambda c: c["paths"].update({"/external/thirdparty/v2/pads/": c["paths"].pop(f"{V1}/pads/")}),
        "endpoint-moved",
        B,
        "Pad.get_models()",
    ),
    SpecCase(
        "call new",
        lambda c: c["paths"].update({f"{V1}/fleets/": {"get": {"operationId": "list_fleets", "responses": {}}}}),
        "endpoint-added",
        C,
        "",
    ),
    SpecCase(
        "call deprecated",
        lambda c: call(c, "/pads/").update(deprecated=True),
        "endpoint-deprecated",
        C,
        "Pad.get_models()",
    ),
    SpecCase(
        "call named again",
        lambda c: call(c, "/pads/").update(operationId="all_pads"),
        "operation-id-changed",
        B,
        "Pad.get_models()",
    ),
    SpecCase(
        "success of another status",
        lambda c: call(c, "/pads/")["responses"].update({"202": {"description": "Later."}}),
        "response-success-status-added",
        B,
        "Pad.get_models()",
    ),
    SpecCase(
        "success taken away",
        lambda c: call(c, "/sites/")["responses"].pop("200"),
        "response-success-status-removed",
        B,
        "Pad.get_sites()",
    ),
    SpecCase(
        "header of a response removed",
        lambda c: c["components"]["responses"]["TooManyRequests"].pop("headers"),
        "response-header-removed",
        C,
        "Pad.get_models()",
    ),
    SpecCase(
        "way to log in removed", lambda c: c["security"].pop(), "security-alternative-removed", B, "Pad.get_models()"
    ),
    SpecCase(
        "scope needed",
        lambda c: c["security"][1].update(clientCredentials=["read"]),
        "security-scope-added",
        B,
        "Pad.get_models()",
    ),
    SpecCase(
        "scheme of the token changed",
        lambda c: c["components"]["securitySchemes"]["bearerToken"].update(scheme="basic"),
        "security-scheme-changed",
        B,
        "Pad.get_models()",
    ),
    SpecCase("host changed", lambda c: c["servers"][0].update(url="https://example.com"), "server-removed", B, ""),
    SpecCase(
        "words about a field changed",
        prop("Pad", "name", description="The pad's name."),
        "response-property-description-changed",
        D,
        "Pad.name",
    ),
    SpecCase(
        "words about a call changed",
        lambda c: call(c, "/pads/").update(summary="Pads."),
        "summary-changed",
        D,
        "Pad.get_models()",
    ),
    SpecCase("version of the document changed", lambda c: c["info"].update(version="2"), "information-changed", D, ""),
    SpecCase(
        "schema that no call uses",
        lambda c: c["components"]["schemas"].update(Rig={"type": "object"}),
        "unused-part-changed",
        C,
        "",
    ),
    SpecCase(
        "new name of a state",
        lambda c: schema(c, "StateName")["x-extensible-enum"].append("coil_runinhole"),
        "response-property-known-value-added",
        C,
        "Stage.state",
    ),
    SpecCase(
        "name of a state gone",
        lambda c: schema(c, "StateName")["x-extensible-enum"].remove("wl_runinhole"),
        "response-property-known-value-removed",
        C,
        "Stage.state",
    ),
    SpecCase(
        "kinds of data changes no longer listed",
        prop("DataChange", "modification_type", **{"x-extensible-enum": None}),
        "response-property-known-values-not-listed",
        C,
        "DataChange.modification_type",
    ),
]
