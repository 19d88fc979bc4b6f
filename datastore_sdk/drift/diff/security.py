"""What changed in who may make a call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from datastore_sdk.drift.diff.change import Change, both
from datastore_sdk.drift.node import SpecNode, top
from datastore_sdk.drift.spec import Endpoint

Requirement: TypeAlias = dict[str, list[str]]
"""Schemes, with their scopes, that a caller must show together."""


def changes_of_security(old: Endpoint, new: Endpoint) -> Iterator[Change]:
    """What a caller must show, and how."""
    before, after = ({_told(each): each for each in endpoint.security} for endpoint in (old, new))
    for told in dict.fromkeys((*before, *after)):
        if told not in after:
            yield Change(rule="security-alternative-removed", place=_place(new), old=told)
        elif told not in before:
            yield Change(rule="security-alternative-added", place=_place(new), new=told)
        else:
            yield from _scopes(before[told], after[told], new)
    used = {name for each in old.security for name in each}
    for name, was, now in both(_schemes(old), _schemes(new)):
        if was and now and name in used:
            yield from _scheme(name, was, now)


def _place(endpoint: Endpoint) -> SpecNode:
    """Where it stands what a caller must show: at the call, else for all calls together."""
    return endpoint.node.get("security") or top(endpoint.node.document).get("security") or endpoint.node


def _told(requirement: Requirement) -> str:
    return " and ".join(f"`{name}`" for name in sorted(requirement)) or "no credentials"


def _scopes(old: Requirement, new: Requirement, endpoint: Endpoint) -> Iterator[Change]:
    for name in old:
        for scope in sorted({*old[name]} ^ {*new[name]}):
            added = scope in new[name]
            yield Change(
                rule=f"security-scope-{'added' if added else 'removed'}",
                place=_place(endpoint),
                subject=f"`{name}`",
                old=f"`{scope}`",
                new=f"`{scope}`",
            )


def _schemes(endpoint: Endpoint) -> dict[str, SpecNode]:
    components = top(endpoint.node.document).get("components")
    return components.children("securitySchemes") if components else {}


def _scheme(name: str, old: SpecNode, new: SpecNode) -> Iterator[Change]:
    for key in dict.fromkeys((*old.mapping, *new.mapping)):
        was, now = old.mapping.get(key), new.mapping.get(key)
        if was != now and key != "description":
            yield Change(rule="security-scheme-changed", place=new, subject=f"{name}.{key}", old=was, new=now)
