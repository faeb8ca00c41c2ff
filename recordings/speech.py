"""Who speaks when, as the browsers say (RFC 6464), on the record's clock. Pure."""

from collections.abc import Iterable

KEPT_MS = 60_000
"""Older speech is of no interest: proofs are seconds old."""
HEARD_OVER_MS = 500
"""The live room tells who spoke in the half second before."""


class Speech:
    """Stretches of speech of each seat."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}
        self._spoken: dict[str, list[tuple[int, int]]] = {}

    def told(self, seats: Iterable[str], now_ms: int) -> None:
        """These speak from now on, until it is told anew."""
        at = now_ms - HEARD_OVER_MS
        speaking = set(seats)
        for seat in self._since.keys() - speaking:
            since = self._since.pop(seat)
            kept = [item for item in self._spoken.get(seat, []) if item[1] > at - KEPT_MS]
            self._spoken[seat] = [*kept, (since, at)]
        for seat in speaking - self._since.keys():
            self._since[seat] = at

    def spoken_ms(self, seat: str, start_ms: int, end_ms: int) -> int:
        """How long a seat spoke between two moments."""
        stretches = list(self._spoken.get(seat, ()))
        if seat in self._since:
            stretches.append((self._since[seat], end_ms))
        return sum(max(0, min(end, end_ms) - max(start, start_ms)) for start, end in stretches)
