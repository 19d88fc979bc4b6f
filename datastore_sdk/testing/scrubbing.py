"""Takes out of calls what is secret, before anything of them is kept."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from datastore_sdk.config.parsers import DEFAULT_HOST
from datastore_sdk.drift.scrubbing import scrubbed_body, scrubbed_form, scrubbed_url

HEADERS: Final = frozenset({"accept", "content-type", "prefer"})
"""The only headers that are kept, so that nobody has to know which others are secret."""
_FORM: Final = "form-urlencoded"


def scrubbed_request(request: Any) -> Any:
    """A request of vcrpy as it would go to the service itself, without secrets."""
    url = urlsplit(str(request.uri))
    request.uri = DEFAULT_HOST + scrubbed_url(f"{url.path}?{url.query}" if url.query else url.path)
    request.headers = _kept(request.headers)
    if request.body:
        is_form = any(_FORM in str(value) for value in request.headers.values())
        request.body = scrubbed_form(request.body.decode()).encode() if is_form else scrubbed_body(request.body)
    return request


def scrubbed_response(response: dict[str, Any]) -> dict[str, Any]:
    """An answer of vcrpy without secrets. The caller still gets the answer itself."""
    body = scrubbed_body(response["body"]["string"])
    return {**response, "headers": _kept(response["headers"]), "body": {"string": body}}


def _kept(headers: Any) -> dict[str, Any]:
    return {name: value for name, value in headers.items() if name.lower() in HEADERS}
