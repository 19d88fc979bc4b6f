"""Comparison of cassettes with an OpenAPI document: reading, findings and examples."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from datastore_sdk.drift import DriftError, Finding, Observations, Severity, observe, suggest_patch
from datastore_sdk.drift.traffic import cassettes
from datastore_sdk.drift.traffic.recorded_call import RecordedCall
from tests.drift.spec_builders import (
    REAL,
    Node,
    build_spec,
    object_schema,
    parse_spec,
    with_operation,
    with_response_schema,
)

STATES = "/external/thirdparty/v1/states/"


def call(content: Any, url: str = "/things/", status: int = 200, media_type: str = "application/json") -> RecordedCall:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return RecordedCall(method="POST", url=url, status=status, media_type=media_type, content=body, source="test")


def find_deviations_in(of: Node, *contents: Any, status: int = 200) -> tuple[Finding, ...]:
    observations = Observations(build_spec(of))
    for content in contents:
        observations.add(call(content, status=status))
    return observations.findings()


def cassette(folder: Path, *interactions: Any, name: str = "some.yaml") -> str:
    path = folder / name
    write = json.dumps if name.endswith("json") else yaml.safe_dump
    path.write_text(write({"interactions": list(interactions), "version": 1}), "utf-8")
    return str(path)


def interaction(body: Any, *, uri: str = f"https://example.com{STATES}?page=1", **response: Any) -> Node:
    headers = {"Content-Type": ["application/json; charset=utf-8"]}
    body = {"status": {"code": 200, "message": "OK"}, "headers": headers, "body": body, **response}
    return {"request": {"method": "get", "uri": uri, "body": None, "headers": {}}, "response": body}


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        ({"string": "[]"}, ""),
        ({"string": b"[]"}, ""),
        ({"string": gzip.compress(b"[]")}, "gzip"),
        ({"string": gzip.compress(b"[]")}, ""),
        ({"string": zlib.compress(b"[]")}, "deflate"),
        ({"base64_string": base64.encodebytes(b"[]").decode()}, ""),
        ("[]", ""),
        *(({"string": "[]"}, encoding) for encoding in ("gzip", "deflate", "br", "zstd")),
    ],
)
def test_body_formats_of_vcrpy_are_read(body: Any, encoding: str, tmp_path: Path) -> None:
    headers = {"Content-Type": ["application/json; charset=utf-8"], "Content-Encoding": [encoding]}
    (one,) = cassettes.read_cassette(cassette(tmp_path, interaction(body, headers=headers)))
    assert (one.method, one.url, one.path) == ("GET", f"{STATES}?page=1", STATES)
    assert (one.status, one.media_type, one.content) == (200, "application/json", b"[]")


def test_json_and_old_cassettes_are_read(tmp_path: Path) -> None:
    older = {"status_code": 404, "http_version": "HTTP/1.1", "headers": {"content-type": "text/html"}, "content": "no"}
    requested = {"method": "GET", "uri": "https://example.com/"}
    (one,) = cassettes.read_cassette(cassette(tmp_path, {"request": requested, "response": older}, name="some.json"))
    assert (one.status, one.media_type, one.content) == (404, "text/html", b"no")


NO_CASSETTES: list[tuple[list[Any], str]] = [
    (
        [interaction({"string": gzip.compress(b"[]")[:-12]}) | {"response": {"status": {}}}],
        "interaction 0 cannot be read",
    ),
    (["nothing"], "interaction 0 cannot be read"),
    ([interaction("[]") | {"response": None}], "interaction 0 cannot be read"),
    ([interaction("[]", headers=[])], "interaction 0 cannot be read"),
    ([interaction("[]"), interaction({"base64_string": "###"})], "interaction 1 cannot be read"),
    ([interaction({"string": gzip.compress(b"[]" * 99)[:-9]})], "the compressed body is truncated"),
    (
        [interaction({"string": b"\x0b\x02\x80[]\x03"}, headers={"content-encoding": ["br"]})],
        "compressed with br: record it with decode_compressed_response=True",
    ),
    ([], "has no calls"),
    ([interaction("[]", uri="https://example.com/other/")], "does it record another API?"),
]


@pytest.mark.parametrize(("interactions", "message"), NO_CASSETTES)
def test_invalid_or_foreign_cassette_is_refused(interactions: list[Any], message: str, tmp_path: Path) -> None:
    path = cassette(tmp_path, *interactions)
    with pytest.raises(DriftError, match=message.replace("?", r"\?")):
        observe(parse_spec(REAL), [path])


def test_calls_to_other_hosts_are_skipped(tmp_path: Path) -> None:
    """A cassette may have calls of a program to other APIs."""
    other = interaction("{}", uri="https://api.example.org/weather/")
    unknown = interaction("{}", uri="https://example.com/external/thirdparty/v1/rigs/")
    observations = observe(parse_spec(REAL), [cassette(tmp_path, other, interaction("[]"), other, unknown)])
    assert [finding.rule for finding in observations.findings()] == ["path-unknown"]
    assert (observations.calls, observations.foreign_calls) == (2, {"api.example.org": 2})


def test_new_enum_value_is_reported() -> None:
    closed, opened = (
        object_schema({"type": "string", "enum": ["a"]}),
        object_schema({"type": "string", "x-extensible-enum": ["a"]}),
    )
    (one,) = find_deviations_in(with_response_schema(closed), {"some": "a"}, {"some": "b"}, {"some": "b"})
    assert (one.rule, one.severity, one.example, one.count) == ("enum-value-new", Severity.BREAKING, '"b"', 2)
    one, two = find_deviations_in(with_response_schema(opened), {"some": "b"}, {"some": "c"})
    assert (one.rule, one.severity, one.example, two.example) == ("known-value-new", Severity.COMPATIBLE, '"b"', '"c"')
    assert not find_deviations_in(
        with_response_schema(object_schema({"type": ["string", "null"], "enum": ["a", None]})), {"some": None}
    )


@pytest.mark.parametrize("keyword", ["enum", "x-extensible-enum"])
@pytest.mark.parametrize("style", [True, False, None], ids=["flow", "block", "mixed"])
def test_new_enum_value_is_patched(keyword: str, style: bool | None) -> None:
    content = with_response_schema(object_schema({"type": "string", keyword: ["a"]}))
    some = parse_spec("---\n" + yaml.safe_dump(content, default_flow_style=style))
    observations = Observations(some)
    observations.add(call({"some": "b: c"}))
    suggestion = suggest_patch(some, observations)
    assert '"b: c"' in suggestion.patch
    assert suggestion.unresolved == ()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("api/openapi.yaml", "api/openapi.yaml"),
        ("./api/openapi.yaml", "api/openapi.yaml"),
        ("{here}/api/openapi.yaml", "api/openapi.yaml"),
        ("../openapi.yaml", "openapi.yaml"),
        ("/elsewhere/openapi.yaml", "openapi.yaml"),
        ("https://example.com/api/openapi.yaml?version=2", "openapi.yaml"),
    ],
)
def test_patch_has_the_relative_file_name(
    name: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    some = parse_spec(
        yaml.safe_dump(with_response_schema(object_schema({"type": "string"}))), name.format(here=tmp_path)
    )
    observations = Observations(some)
    observations.add(call({"some": 5}))
    assert suggest_patch(some, observations).patch.splitlines()[:2] == [f"--- a/{path}", f"+++ b/{path}"]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n...\n", '\nx-odd: "a\u2028b"\n'])
def test_patch_applies_with_any_line_end(end: str, tmp_path: Path) -> None:
    text = yaml.safe_dump(with_response_schema(object_schema({"type": "string"})), width=10_000).rstrip()
    text = text.replace("\n", "\r\n" if "\r" in end else "\n") + end
    path = tmp_path / "openapi.yaml"
    path.write_bytes(text.encode())
    some = parse_spec(text)
    observations = Observations(some)
    observations.add(call({"some": "a", "new": 1}))
    patch = suggest_patch(some, observations).patch
    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=tmp_path, check=True)
    assert "new:" in path.read_text("utf-8")


def test_deeply_nested_body_is_refused() -> None:
    def nest(depth: int) -> bytes:
        return b'{"new": ' + b"[" * depth + b"]" * depth + b"}"

    of = with_response_schema(object_schema({"type": "string"}))
    assert [one.rule for one in find_deviations_in(of, nest(20))] == ["field-unknown"]
    for depth in (900, 5000):  # how deep the parser and the comparison go depends on Python's version
        try:
            assert [one.rule for one in find_deviations_in(of, nest(depth))] in (["body-not-json"], ["field-unknown"])
        except DriftError as error:
            assert "nested too deeply" in str(error)  # noqa: PT017 - it need not be raised
    assert [one.rule for one in find_deviations_in(of, nest(100_000))] == ["body-not-json"]


def test_unexpected_body_is_reported() -> None:
    (one,) = find_deviations_in(with_operation(), {"some": 1})
    assert (one.rule, one.severity) == ("body-unexpected", Severity.COMPATIBLE)
    assert not find_deviations_in(with_operation(), b"")


def test_deviation_in_an_error_is_compatible() -> None:
    error = {"description": "No.", "content": {"application/json": {"schema": object_schema({"type": "string"})}}}
    (one,) = find_deviations_in(with_operation({"responses": {"400": error}}), {"some": 1}, status=400)
    assert (one.rule, one.severity) == ("type-differs", Severity.COMPATIBLE)


def test_array_indexes_are_merged_and_counted() -> None:
    array = {"type": "array", "items": object_schema({"type": "array", "items": {"type": "integer"}})}
    (one,) = find_deviations_in(with_response_schema(array), [{"some": [1, "x"]}, {"some": ["y"]}], [{"some": ["z"]}])
    assert (one.path, one.count, one.example) == ("/[]/some/[]", 3, '"x"')


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"some": "Jane Doe-5"}, '"Xxxx Xxx-9"'),
        ({"some": "frac_frac"}, '"frac_frac"'),
        ({"some": "2025-09-17T00:00:00Z"}, '"2025-09-17T00:00:00Z"'),
        ({"some": "eyJhbGciOi.J9"}, '"xxXxxXxxXx.X9"'),
        ({"some": "me@example.com"}, '"xx@xxxxxxx.xxx"'),
        ({"some": {"api_key": "s3cret", "n": 5}}, '{"api_key": "HIDDEN", "n": 5}'),
        ({"session_token": "s3cret"}, '"HIDDEN"'),
        ({"some": list(range(99))}, "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17..."),
    ],
)
def test_examples_are_redacted(value: Any, shown: str) -> None:
    (one,) = find_deviations_in(with_response_schema({"type": "object", "properties": {"known": {}}}), value)
    assert one.rule == "field-unknown"
    assert one.example is not None
    assert one.example.startswith(shown[:50])
    assert "s3cret" not in f"{one.example}{one.message}"


def test_unknown_field_of_a_record_is_accepted() -> None:
    observations = Observations(parse_spec(REAL))
    record = {"timestamp": 1, "site_id": 5, "_brand_new_": 1.5, "valve": "O", "on": True, "none": None}
    content = json.dumps([record]).encode()
    url = "/external/thirdparty/v1/sites/981/data/?resolution=raw"
    observations.add(RecordedCall(method="GET", url=url, status=200, media_type="", content=content, source="test"))
    assert (observations.findings(), observations.known_calls) == ((), 1)


def test_path_with_fewest_parameters_is_matched() -> None:
    content = with_operation()
    content["paths"]["/things/{id}/"] = {"get": {"operationId": "one", "responses": {"200": {}}}}
    content["paths"]["/things/all/"] = {"get": {"operationId": "all", "responses": {"200": {}}}}
    some = build_spec(content)
    assert [some.match_path(f"/things/{last}/") for last in ("5", "all", "5/6")] == [
        "/things/{id}/",
        "/things/all/",
        None,
    ]
