"""What a check of an uploaded file found: made in a process of its own, shown by the page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MAX_DETAIL = 400
"""Characters of a technical remark: it may hold text of a hostile file."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at. `ok` is None when it could not be."""

    code: str
    ok: bool | None
    detail: str = ""
    """A technical remark in English, for whoever looks closer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """All steps in order, and what the house can compare with its own log."""

    kind: str
    steps: tuple[Step, ...] = ()
    unusable: str = ""
    """Code of why nothing could be checked; empty otherwise."""
    not_checked: tuple[str, ...] = ()
    """Codes of what this check cannot show."""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    checkpoint: str = ""
    """A checkpoint signed by this house's key; empty when there is none, or another key's."""

    @property
    def holds(self) -> bool:
        """Whether every step was checked and passed."""
        return not self.unusable and bool(self.steps) and all(step.ok for step in self.steps)

    @property
    def failing(self) -> Step | None:
        """The first step that failed."""
        return next((step for step in self.steps if step.ok is False), None)

    def encode(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def decode(value: Any) -> Finding:
    """The reverse of `Finding.encode`. Raises ValueError: the other side may be taken over."""
    try:
        steps = tuple(
            Step(str(item["code"]), _answer(item["ok"]), str(item["detail"])[:MAX_DETAIL])
            for item in value["steps"]
        )
        facts = {
            str(name): item if isinstance(item, int) else str(item)[:MAX_DETAIL]
            for name, item in value["facts"].items()
        }
        return Finding(
            kind=str(value["kind"]),
            steps=steps,
            unusable=str(value["unusable"]),
            not_checked=tuple(map(str, value["not_checked"])),
            facts=facts,
            checkpoint=str(value["checkpoint"]),
        )
    except (KeyError, TypeError, AttributeError):
        raise ValueError("the answer of the check is malformed") from None


def _answer(value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise TypeError
    return value
