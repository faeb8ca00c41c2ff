"""One page in a live room, as the service sees it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from errors import Forbidden, Refusal
from signaling.guards import Who

# Close codes of docs/protocol.md.
PROTOCOL, TICKET, REMOVED, NO_HELLO = 4400, 4401, 4403, 4408
TAKEN_OVER, OVER, TOO_SLOW, TOO_MANY = 4409, 4410, 4411, 4429
NORMAL, RESTART = 1000, 1012


def refused(id: str | None, refusal: Refusal) -> dict[str, Any]:
    """The answer to a message that was refused. `action`: what the policy was asked (/why)."""
    action = refusal.action if isinstance(refusal, Forbidden) else ""
    return {
        "type": "refused",
        **({"action": action} if action else {}),
        **({"id": id} if id else {}),
        "code": refusal.code,
        "message": refusal.message,
        "params": refusal.params,
    }


class Socket(Protocol):
    """Where messages to a page go. Neither method waits or raises."""

    def send(self, message: dict[str, Any]) -> None:
        """Queue a message. A page that does not read is dropped by the implementation."""

    def close(self, code: int) -> None:
        """Close after what is queued. Idempotent."""


@dataclass(eq=False, slots=True)
class Page:
    """A socket that came in with a ticket."""

    who: Who
    login: str
    """Public id of the browser session."""
    client: str
    language: str
    socket: Socket
    heard_at: datetime
    """When the last message came."""
    shown: dict[str, Any] = field(default_factory=dict)
    """The last state that was sent, without what changes by itself."""
    kept_at: datetime | None = None
    """When the browser session was last found alive."""

    @property
    def seat(self) -> str:
        """The seat of this page."""
        return self.who.seat

    def answer(self, id: str | None, **more: Any) -> None:
        """Answer `ok`."""
        self.socket.send({"type": "ok", **({"id": id} if id else {}), **more})

    def refuse(self, id: str | None, refusal: Refusal) -> None:
        """Answer `refused`."""
        self.socket.send(refused(id, refusal))

    def event(self, name: str, params: dict[str, Any]) -> None:
        """Send an `event`."""
        self.socket.send({"type": "event", "name": name, "params": params})

    def bye(self, reason: str, code: int, refusal: Refusal | None = None) -> None:
        """Say why, and close."""
        why = {} if refusal is None else refused(None, refusal)
        self.socket.send({**why, "type": "bye", "reason": reason})
        self.socket.close(code)
