"""The life of minutes and what they say (R-CR-24, R-CV-07). Pure.

Minutes are an official instrument only with the signatures of clerk and judge; until then they are
void, and say so wherever they are seen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from errors import N_, BadInput, Refusal
from machine import follow

LANGUAGES = ("ar", "en")
MOST_ENTRIES = 2000
LONGEST_ENTRY = 2000
LONGEST_TEXT = 20_000
CLERK_FIELD, JUDGE_FIELD, SEAL_FIELD = "Clerk", "President", "Seal"
"""Names of the places to sign, in their order."""

_TIME = re.compile(r"(\d{1,2}:\d{2}(?::\d{2})?)\s+(.+)")


class State(StrEnum):
    """How far they are."""

    DRAFT = "draft"
    SIGNING = "signing"
    SIGNED = "signed"


STATES: dict[State, str] = {
    State.DRAFT: N_("Draft, void until it is signed"),
    State.SIGNING: N_("Approved, being signed; void until both have signed"),
    State.SIGNED: N_("Signed by the clerk and the presiding judge"),
}


class Step(StrEnum):
    """What moves them on."""

    WRITE = "write"
    APPROVE = "approve"
    RETURN = "return"
    COMPLETE = "complete"


TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.DRAFT, Step.WRITE): State.DRAFT,
    (State.DRAFT, Step.APPROVE): State.SIGNING,
    (State.SIGNING, Step.RETURN): State.DRAFT,
    (State.SIGNING, Step.COMPLETE): State.SIGNED,
}


def after(state: State, step: Step) -> State:
    """The state that follows. Raises Refusal `minutes.wrong_state`."""
    return follow(
        TRANSITIONS, state, step, "minutes.wrong_state",
        N_("This is not possible any more. Reload the page."),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: a time of day (empty for none) and words."""

    time: str
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """What the clerk writes; names, roles and dates come from the sitting itself."""

    entries: tuple[Entry, ...] = ()
    decisions: str = ""
    """Applications and decisions."""
    operative: str = ""
    """The operative part, or to when and why it was adjourned."""

    def body(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "entries": [[one.time, one.text] for one in self.entries],
            "decisions": self.decisions,
            "operative": self.operative,
        }

    @classmethod
    def of(cls, body: dict[str, Any]) -> "Content":
        """The reverse."""
        entries = tuple(Entry(time, text) for time, text in body["entries"])
        return cls(entries, body["decisions"], body["operative"])

    def proceedings(self) -> str:
        """The entries as a person edits them: one a line, its time in front."""
        return "\n".join(f"{one.time} {one.text}".strip() for one in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """Minutes as they are stored, without their words."""

    id: str
    sitting: str
    language: str
    state: State
    revision: int
    begun_by: str
    begun_at: datetime
    approved_by: str = ""
    approved_at: datetime | None = None
    ceremony: str = ""
    """Id of the signing; empty for a draft."""
    signed_at: datetime | None = None
    sha256: str = ""
    """Of the signed file."""


def written(proceedings: str, decisions: str, operative: str) -> Content:
    """What came from the form. Raises BadInput that names the field."""
    entries = []
    for number, line in enumerate(_lines(proceedings), 1):
        if number > MOST_ENTRIES or len(line) > LONGEST_ENTRY:
            raise BadInput(
                "minutes.too_long",
                N_("Line %(line)s is too long, or there are too many lines."),
                field="proceedings",
                line=number,
            )
        found = _TIME.fullmatch(line)
        entries.append(Entry(found[1], found[2]) if found else Entry("", line))
    for name, text in (("decisions", decisions), ("operative", operative)):
        if len(text) > LONGEST_TEXT:
            raise BadInput(
                "minutes.text_too_long",
                N_("Write at most %(most)s characters here."),
                field=name,
                most=LONGEST_TEXT,
            )
    return Content(tuple(entries), "\n".join(_lines(decisions)), "\n".join(_lines(operative)))


def can_approve(content: Content) -> None:
    """R-CR-24: minutes tell what happened and how it ended. Raises Refusal."""
    if not content.entries or not content.operative:
        raise Refusal(
            "minutes.incomplete",
            N_("Minutes tell what happened and how the sitting ended. Fill in both."),
            status=409,
        )


def _lines(text: str) -> Sequence[str]:
    found = (" ".join(line.replace("\0", "").split()) for line in text.splitlines())
    return [line for line in found if line]
