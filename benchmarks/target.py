"""What a server must do to be measured."""

from typing import Protocol


class CannotRun(Exception):
    """Why this server cannot be measured here."""


class Target(Protocol):
    """A server process."""

    async def start(self) -> int:
        """Start it; its process id. Raises CannotRun."""

    async def publish(self, seat: str, offer: str) -> str:
        """Answer a publisher's offer."""

    async def subscribe(self, seat: str) -> str:
        """Offer everything that is published."""

    async def subscribed(self, seat: str, answer: str) -> None:
        """Take a subscriber's answer."""

    async def stop(self) -> None:
        """End it."""
