"""What this room asks of its neighbours, as small protocols that `app.py` wires."""

from typing import Protocol

from signaling.sight import Sight


class Live(Protocol):
    """The live room as this room sees it: what it measured, never what a page says."""

    def sight(self, sitting_id: str) -> Sight | None:
        """Who is there now, who hears, whether it is recorded; None where nobody has come."""

    async def nudge(self, sitting_id: str) -> None:
        """Tell the pages of a sitting that something about the marriage has changed."""
