"""Fees: what an act costs, and the small interface of whoever takes the money."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from notary.deeds.act import Act


def of_act(act: Act, table: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """The fee in fils by R-NT-08. A share of a value that is not given costs the least."""
    rule = table[act.fee]
    if "fixed" in rule:
        return int(rule["fixed"])
    value = values.get(rule["of"])
    share = int(value) * int(rule["basis_points"]) // 10_000 if isinstance(value, int) else 0
    return max(int(rule["least"]), min(share, int(rule["most"])))


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment that was asked for. `page` is where the person pays: a path of ours, or https."""

    reference: str
    page: str


class Payments(Protocol):
    """Whoever takes the money. No card number ever passes through this house."""

    async def ask(self, order: str, fils: int, back: str) -> Charge:
        """Open a payment of `fils` for our `order`; the person returns to the path `back`.
        Raises Refusal `payment.unavailable`. Asking twice for one order charges once."""

    async def settled(self, reference: str) -> int | None:
        """Fils that were paid, or None while nothing was. Asked again until it answers."""


class StandInPayments:
    """For the demo: everything asked for is paid when the person presses 'pay'. No money moves."""

    def __init__(self) -> None:
        self._asked: dict[str, int] = {}
        self._paid: set[str] = set()

    async def ask(self, order: str, fils: int, back: str) -> Charge:
        self._asked.setdefault(order, fils)
        return Charge(order, f"/payments/stand-in/{order}")

    async def settled(self, reference: str) -> int | None:
        return self._asked.get(reference) if reference in self._paid else None

    def pay(self, reference: str) -> bool:
        """The person pressed 'pay'. False for a payment that nobody asked for."""
        if reference not in self._asked:
            return False
        self._paid.add(reference)
        return True
