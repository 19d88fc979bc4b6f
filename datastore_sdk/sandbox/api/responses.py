"""JSON responses."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from starlette.responses import Response

JSON = "application/json"


def json_response(status: int, content: object, headers: Mapping[str, str] | None = None) -> Response:
    """Build a JSON response; empty without content."""
    body = b"" if content is None else orjson.dumps(content)
    return Response(body, status, dict(headers or {}), media_type=JSON if body else None)
