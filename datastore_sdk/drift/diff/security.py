"""Comparison of security requirements and schemes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from datastore_sdk.drift.diff.change import Change, pair_by_key
from datastore_sdk.drift.node import SpecNode, root_node
from datastore_sdk.drift.spec import Endpoint

Requirement: TypeAlias = dict[str, list[str]]
"""Security schemes that a request needs together, with their scopes."""


def compare_security(old: Endpoint, new: Endpoint) -> Iterator[Change]:
    """Return the changes of security requirements and of the schemes that they use."""
    before, after = ({_format_requirement(each): each for each in endpoint.security} for endpoint in (old, new))
    for label in dict.fromkeys((*before, *after)):
        if label not in after:
            yield Change(rule="security-alternative-removed", node=_security_node(new), old=label)
        elif label not in before:
            yield Change(rule="security-alternative-added", node=_security_node(new), new=label)
        else:
            yield from _compare_scopes(before[label], after[label], new)
    used = {name for each in old.security for name in each}
    for name, was, now in pair_by_key(_security_schemes(old), _security_schemes(new)):
        if was and now and name in used:
            yield from _compare_scheme(name, was, now)


def _security_node(endpoint: Endpoint) -> SpecNode:
    """Return the node of the requirements: of the operation, else of the document."""
    return (
        endpoint.operation.get("security")
        or root_node(endpoint.operation.document).get("security")
        or endpoint.operation
    )


def _format_requirement(requirement: Requirement) -> str:
    return " and ".join(f"`{name}`" for name in sorted(requirement)) or "no credentials"


def _compare_scopes(old: Requirement, new: Requirement, endpoint: Endpoint) -> Iterator[Change]:
    for name in old:
        for scope in sorted({*old[name]} ^ {*new[name]}):
            added = scope in new[name]
            yield Change(
                rule=f"security-scope-{'added' if added else 'removed'}",
                node=_security_node(endpoint),
                subject=f"`{name}`",
                old=f"`{scope}`",
                new=f"`{scope}`",
            )


def _security_schemes(endpoint: Endpoint) -> dict[str, SpecNode]:
    components = root_node(endpoint.operation.document).get("components")
    return components.get_children("securitySchemes") if components else {}


def _compare_scheme(name: str, old: SpecNode, new: SpecNode) -> Iterator[Change]:
    for key in dict.fromkeys((*old.mapping, *new.mapping)):
        was, now = old.mapping.get(key), new.mapping.get(key)
        if was != now and key != "description":
            yield Change(rule="security-scheme-changed", node=new, subject=f"{name}.{key}", old=was, new=now)
