"""What a room tells a client: messages, as far as their time has come."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Source(ABC):
    """The messages for one connection."""

    @abstractmethod
    def take(self, now: int, most: int) -> list[bytes]:
        """The next messages that are due at a second of the field's time, at most so many."""

    @abstractmethod
    def due_at(self, now: int) -> float:
        """The time in the field, after `now`, before which nothing more is due."""

    @abstractmethod
    def sent(self, count: int) -> None:
        """Takes note that so many of the messages that were taken last are sent."""

    @abstractmethod
    def lose(self, count: int) -> None:
        """Has so many of the next messages count as sent, although nobody gets them."""

    @abstractmethod
    def leave(self) -> None:
        """The connection has ended. Doing it again does no harm."""
