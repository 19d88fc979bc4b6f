"""Thread that receives live data, for sync and async readers alike."""

from __future__ import annotations

from contextlib import closing
from threading import Thread
from typing import Any

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.client import Client
from datastore_sdk.realtime.buffer import Buffer
from datastore_sdk.realtime.exclusivity import RoomClaim
from datastore_sdk.transport.http.cancellation import Cancellation

_JOIN_TIMEOUT_SECONDS = 2.0
"""Maximum seconds to wait for the end of the thread."""


class ReaderThread:
    """Runs effects in a thread, and puts the items that they yield into a buffer.

    The thread receives even while nobody reads, so that it can respond to pings. It is a daemon: it does not keep the
    program from ending.

    Args:
        client: Runs the effects.
        effects: Yield lists of items.
        buffer: Receives the items.
        claim: Released when the thread ends.
    """

    def __init__(self, client: Client, effects: EffectGen[None], buffer: Buffer[Any], claim: RoomClaim) -> None:
        self._client = client
        self._effects = effects
        self._buffer = buffer
        self._claim = claim
        self._cancellation = Cancellation()
        self._thread = Thread(target=self._run, name="restream-live", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Make the thread leave the room and end. Received items can still be read."""
        self._buffer.finish()
        self._cancellation.cancel()
        self._claim.release()

    def join(self) -> None:
        """Wait until the thread has ended, at most for `_JOIN_TIMEOUT_SECONDS`."""
        self._thread.join(_JOIN_TIMEOUT_SECONDS)

    def _run(self) -> None:
        error_: BaseException | None = None
        try:
            with closing(self._client._listen(self._effects, self._cancellation)) as lists:
                for items in lists:
                    if items and not self._buffer.put(items):
                        break
        except BaseException as error:  # noqa: BLE001 - raised in the thread of the reader
            error_ = error
        self._claim.release()
        self._buffer.finish(error_)
