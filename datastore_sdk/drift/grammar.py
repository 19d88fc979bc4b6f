"""What OpenAPI 3 puts where.

A kind is written as a short text: `text`; `[text]`, an array of such; `[text]+`, of which there must be one; `{text}`,
an object that has such under any keys; `header?`, which may be a reference instead; `number or flag`, one or the other.
A kind with keys of its own is in `OBJECTS`. Keys that are not listed there can hold anything: they are extensions, or
what later versions bring.
"""

from __future__ import annotations

from typing import Final

SCALARS: Final = {
    "text": frozenset({"string"}),
    "flag": frozenset({"boolean"}),
    "count": frozenset({"integer"}),
    "number": frozenset({"integer", "number"}),
}
"""Kinds without anything inside, with the types of JSON that they are written as."""

CHOICES: Final = {
    "type": ("string", "integer", "number", "boolean", "array", "object", "null"),
    "place": ("path", "query", "header", "cookie"),
}
"""Texts of which there are only these."""

CAN_BE_FLAGS: Final = frozenset({"schema"})
"""Objects instead of which `true` and `false` can stand."""

ALTERNATIVES: Final = ("allOf", "anyOf", "oneOf")
"""Keys of a schema under which schemas stand that say more of the same value, not of what is inside it."""

REQUIRED: Final = {"parameter": ("name", "in"), "tag": ("name",), "server": ("url",)}
"""Keys without which nothing can be made of an object."""

_WORDS: Final = {"summary": "text", "description": "text"}
_EXAMPLES: Final = {"example": "any", "examples": "{example?}"}
_HEADER: Final = {
    **_EXAMPLES,
    "description": "text",
    "required": "flag",
    "deprecated": "flag",
    "style": "text",
    "explode": "flag",
    "schema": "schema?",
    "content": "{media type}",
}
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_SCHEMA: Final = {
    **dict.fromkeys(("title", "description", "format", "pattern", "$comment"), "text"),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), "count"),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), "number"),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), "number or flag"),
    **dict.fromkeys(("uniqueItems", "nullable", "readOnly", "writeOnly", "deprecated"), "flag"),
    **dict.fromkeys(("enum", "examples", "x-extensible-enum"), "[any]"),
    **dict.fromkeys((*ALTERNATIVES, "prefixItems"), "[schema?]+"),
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas", "$defs"), "{schema?}"),
    **dict.fromkeys(("items", "additionalProperties", "not", "contains", "propertyNames"), "schema?"),
    **dict.fromkeys(("if", "then", "else", "unevaluatedItems", "unevaluatedProperties"), "schema?"),
    "type": "type or [type]+",
    "required": "[text]",
    "dependentRequired": "{[text]}",
    "discriminator": "discriminator",
    "externalDocs": "documentation",
}

OBJECTS: Final[dict[str, dict[str, str]]] = {
    "document": {
        "openapi": "text",
        "info": "information",
        "servers": "[server]",
        "paths": "{path?}",
        "webhooks": "{path?}",
        "components": "components",
        "security": "[{[text]}]",
        "tags": "[tag]",
        "externalDocs": "documentation",
    },
    "information": {
        **_WORDS,
        **dict.fromkeys(("title", "termsOfService", "version"), "text"),
        "contact": "{text}",
        "license": "{text}",
    },
    "documentation": {"description": "text", "url": "text"},
    "tag": {"name": "text", "description": "text", "externalDocs": "documentation"},
    "server": {"url": "text", "description": "text", "variables": "{server variable}"},
    "server variable": {"enum": "[text]", "default": "text", "description": "text"},
    "components": {
        "schemas": "{schema?}",
        "responses": "{response?}",
        "parameters": "{parameter?}",
        "examples": "{example?}",
        "requestBodies": "{request body?}",
        "headers": "{header?}",
        "securitySchemes": "{security scheme?}",
        "links": "{link?}",
        "callbacks": "{{path?}?}",
        "pathItems": "{path?}",
    },
    "path": {
        **_WORDS,
        **dict.fromkeys(_METHODS, "call"),
        "servers": "[server]",
        "parameters": "[parameter?]",
    },
    "call": {
        **_WORDS,
        "tags": "[text]",
        "externalDocs": "documentation",
        "operationId": "text",
        "parameters": "[parameter?]",
        "requestBody": "request body?",
        "responses": "{response?}",
        "callbacks": "{{path?}?}",
        "deprecated": "flag",
        "security": "[{[text]}]",
        "servers": "[server]",
    },
    "parameter": {**_HEADER, "name": "text", "in": "place", "allowEmptyValue": "flag", "allowReserved": "flag"},
    "header": _HEADER,
    "request body": {"description": "text", "content": "{media type}", "required": "flag"},
    "response": {
        "description": "text",
        "headers": "{header?}",
        "content": "{media type}",
        "links": "{link?}",
    },
    "media type": {**_EXAMPLES, "schema": "schema?", "encoding": "{encoding}"},
    "encoding": {
        "contentType": "text",
        "headers": "{header?}",
        "style": "text",
        "explode": "flag",
        "allowReserved": "flag",
    },
    "example": {**_WORDS, "value": "any", "externalValue": "text"},
    "link": {
        **dict.fromkeys(("operationRef", "operationId", "description"), "text"),
        "parameters": "{any}",
        "requestBody": "any",
        "server": "server",
    },
    "schema": _SCHEMA,
    "discriminator": {"propertyName": "text", "mapping": "{text}"},
    "security scheme": {
        **dict.fromkeys(("type", "description", "name", "in", "scheme", "bearerFormat", "openIdConnectUrl"), "text"),
        "flows": "flows",
    },
    "flows": dict.fromkeys(("implicit", "password", "clientCredentials", "authorizationCode"), "flow"),
    "flow": {**dict.fromkeys(("authorizationUrl", "tokenUrl", "refreshUrl"), "text"), "scopes": "{text}"},
}
"""The keys of each kind of object, with what they hold."""
