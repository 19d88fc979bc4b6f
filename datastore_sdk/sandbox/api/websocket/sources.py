"""Source of the messages of a room."""

from __future__ import annotations

from abc import ABC, abstractmethod


class MessageSource(ABC):
    """Messages for one connection."""

    @abstractmethod
    def take(self, now: int, max_items: int) -> list[bytes]:
        """Return the next messages that are due at a second of the field's time, up to a maximum number."""

    @abstractmethod
    def due_at(self, now: int) -> float:
        """Return the field's time, after `now`, before which nothing more is due."""

    @abstractmethod
    def mark_sent(self, count: int) -> None:
        """Mark the last taken messages as sent."""

    @abstractmethod
    def skip(self, count: int) -> None:
        """Mark the next messages as sent without sending them."""

    @abstractmethod
    def close(self) -> None:
        """End the connection; repeating it does no harm."""
