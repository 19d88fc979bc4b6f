"""Parameters of the pads: the service's own, and those that users create, change and delete."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from datetime import UTC, datetime

from datastore_sdk.sandbox.api.errors import build_bad_request, build_not_found
from datastore_sdk.sandbox.api.request_bodies import ParameterDraft
from datastore_sdk.sandbox.simulation.parameters import DEFAULTS, FIRST_CUSTOM_ID, ParameterSpec


class ParameterStore:
    """All definitions. Those of users belong to one pad."""

    def __init__(self) -> None:
        self._custom: dict[int, ParameterSpec] = {}
        self._ids = itertools.count(FIRST_CUSTOM_ID)
        self._lock = threading.Lock()

    def of_pad(self, pad_id: int) -> list[ParameterSpec]:
        """Return the definitions of a pad."""
        return [*DEFAULTS, *(each for each in self._custom.copy().values() if pad_id in each.pads)]

    def get(self, pad_id: int, number: int) -> ParameterSpec:
        """Return one definition.

        Raises:
            RequestError: 404 if the pad has none with this id.
        """
        found = next((parameter for parameter in self.of_pad(pad_id) if parameter.id == number), None)
        if found is None:
            raise build_not_found()
        return found

    def check_names(self, pad_id: int, drafts: list[tuple[str, ParameterDraft]]) -> None:
        """Check that all these names are free.

        Raises:
            RequestError: 400 if one is in use, or occurs twice.
        """
        in_use = {parameter.name for parameter in self.of_pad(pad_id)}
        for name, _ in drafts:
            if name in in_use:
                raise build_bad_request(name=f'A parameter with the name "{name}" already exists.')
            in_use.add(name)

    def create(self, pad_id: int, drafts: list[tuple[str, ParameterDraft]], now: float) -> list[ParameterSpec]:
        """Add definitions, all of them or none.

        Raises:
            RequestError: 400 if a name is in use.
        """
        with self._lock:
            self.check_names(pad_id, drafts)
            timestamp = datetime.fromtimestamp(now, UTC)
            created = [self._new(pad_id, name, draft, timestamp) for name, draft in drafts]
            self._custom |= {parameter.id: parameter for parameter in created}
        return created

    def change(self, pad_id: int, number: int, draft: ParameterDraft, now: float) -> ParameterSpec:
        """Change a user's definition by what the draft sets.

        Raises:
            RequestError: 404 if there is no such id, 400 if it is one of the service's own.
        """
        with self._lock:
            changed = replace(
                self.of_user(pad_id, number), **draft.changes(), updated_at=datetime.fromtimestamp(now, UTC)
            )
            self._custom[number] = changed
        return changed

    def delete(self, pad_id: int, number: int) -> None:
        """Delete a user's definition.

        Raises:
            RequestError: 404 if there is no such id, 400 if it is one of the service's own.
        """
        with self._lock:
            del self._custom[self.of_user(pad_id, number).id]

    def _new(self, pad_id: int, draft_name: str, draft: ParameterDraft, now: datetime) -> ParameterSpec:
        if draft.definition is None:
            raise ValueError("a new parameter needs a definition")
        blank = ParameterSpec(next(self._ids), draft_name, draft.definition, draft.si_unit, custom=True, pads=(pad_id,))
        return replace(blank, **draft.changes(), created_at=now, updated_at=now)

    def of_user(self, pad_id: int, number: int) -> ParameterSpec:
        """Return a user's definition.

        Raises:
            RequestError: 404 if there is no such id, 400 if it is one of the service's own.
        """
        found = self.get(pad_id, number)
        if not found.custom:
            raise build_bad_request(non_field_errors="Only custom parameters can be changed or deleted.")
        return found
