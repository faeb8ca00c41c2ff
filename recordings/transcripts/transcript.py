"""A transcript and its life: one guarded state machine, whole, in one table. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import rfc8785

from errors import N_, BadInput, Refusal
from machine import follow

MOST_LINES = 20_000
LONGEST_LINE = 2000
LONGEST_SPEAKER = 100
LONGEST_MS = 7 * 86_400_000
LANGUAGES = ("ar", "en")


class State(StrEnum):
    """How far it is."""

    REQUESTED = "requested"
    REFUSED = "refused"
    AUTHORISED = "authorised"
    ASSIGNED = "assigned"
    DRAFT = "draft"
    APPROVED = "approved"
    CERTIFIED = "certified"


STATES: dict[State, str] = {
    State.REQUESTED: N_("Requested"),
    State.REFUSED: N_("Refused"),
    State.AUTHORISED: N_("Authorised"),
    State.ASSIGNED: N_("Assigned"),
    State.DRAFT: N_("Draft"),
    State.APPROVED: N_("Approved"),
    State.CERTIFIED: N_("Certified"),
}


class Step(StrEnum):
    """What moves it on."""

    AUTHORISE = "authorise"
    REFUSE = "refuse"
    ASSIGN = "assign"
    WRITE = "write"
    APPROVE = "approve"
    RETURN = "return"
    CERTIFY = "certify"


_S, _T = State, Step
TRANSITIONS: dict[tuple[State, Step], State] = {
    (_S.REQUESTED, _T.AUTHORISE): _S.AUTHORISED,
    (_S.REQUESTED, _T.REFUSE): _S.REFUSED,
    (_S.AUTHORISED, _T.ASSIGN): _S.ASSIGNED,
    (_S.ASSIGNED, _T.ASSIGN): _S.ASSIGNED,
    (_S.DRAFT, _T.ASSIGN): _S.DRAFT,
    (_S.ASSIGNED, _T.WRITE): _S.DRAFT,
    (_S.DRAFT, _T.WRITE): _S.DRAFT,
    (_S.DRAFT, _T.APPROVE): _S.APPROVED,
    (_S.APPROVED, _T.RETURN): _S.DRAFT,
    (_S.APPROVED, _T.CERTIFY): _S.CERTIFIED,
}
"""Who may do each step is the policy's: `transcript.<step>`."""


def after(state: State, step: Step) -> State:
    """The state that follows. Raises Refusal `transcript.wrong_state`."""
    return follow(
        TRANSITIONS, state, step, "transcript.wrong_state",
        N_("This is not possible in the transcript's present state. Reload the page."),
    )  # fmt: skip


def steps(state: State) -> frozenset[Step]:
    """What can be done in a state."""
    return frozenset(step for (at, step) in TRANSITIONS if at is state)


@dataclass(frozen=True, slots=True)
class Line:
    """What one person said, on the record's clock."""

    start_ms: int
    end_ms: int
    seat: str
    """Id of the seat; empty for somebody who has none."""
    speaker: str
    """Who spoke, for somebody without a seat."""
    text: str
    machine: bool = False
    """A machine wrote it, and no person has checked it yet."""

    def body(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
            "seat": self.seat,
            "speaker": self.speaker,
            "text": self.text,
            "machine": self.machine,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A transcript as it is stored, without its words."""

    id: str
    sitting: str
    language: str
    state: State
    reason: str
    """Why it is asked for, or why it was refused."""
    requested_by: str
    requested_at: datetime
    assigned_to: str = ""
    revision: int = 0
    """Of its words; 0 before the first."""
    unchecked: int = 0
    """Lines that a machine wrote and nobody checked."""
    approved_by: str = ""
    certified_by: str = ""
    certified_at: datetime | None = None
    sha256: str = ""
    """Of the certified document."""

    @property
    def is_machine(self) -> bool:
        """Any of it is a machine's, unchecked: it must say so wherever it is seen."""
        return self.unchecked > 0


def checked(lines: Iterable[Line], seats: frozenset[str], *, last_ms: int) -> list[Line]:
    """The lines as they are kept, in order of time. Raises BadInput that names the line.

    `seats` are the ids that may be named; `last_ms` is the end of the record.
    """
    found = []
    for number, line in enumerate(lines, 1):
        if number > MOST_LINES:
            raise BadInput(
                "transcript.too_long",
                N_("A transcript has at most %(most)s lines."),
                most=MOST_LINES,
            )
        text = " ".join(line.text.replace("\0", "").split())
        if len(text) > LONGEST_LINE or len(line.speaker) > LONGEST_SPEAKER:
            raise BadInput(
                "transcript.line_too_long",
                N_("Line %(line)s is too long. Divide it."),
                line=number,
            )
        if line.seat and line.seat not in seats:
            raise BadInput(
                "transcript.no_such_seat",
                N_("Line %(line)s names somebody who is not in this sitting."),
                line=number,
            )
        if not 0 <= line.start_ms <= min(line.end_ms, LONGEST_MS) or line.start_ms > last_ms:
            raise BadInput(
                "transcript.bad_time",
                N_("Line %(line)s is not within the record."),
                line=number,
            )
        speaker = "" if line.seat else " ".join(line.speaker.split())
        found.append(replace(line, text=text, speaker=speaker, end_ms=min(line.end_ms, LONGEST_MS)))
    return sorted(found, key=lambda one: (one.start_ms, one.end_ms))


def can_approve(lines: Sequence[Line]) -> None:
    """Raise Refusal unless there are words and a person checked all of them."""
    unchecked = sum(line.machine for line in lines)
    if unchecked:
        raise Refusal(
            "transcript.unchecked",
            N_("%(count)s lines of a machine were not checked. Hear and check them first."),
            status=409,
            count=unchecked,
        )
    if not any(line.text for line in lines):
        raise Refusal("transcript.empty", N_("There are no words to approve."), status=409)


def document(transcript: Transcript, facts: dict[str, Any], lines: Sequence[Line]) -> bytes:
    """The certified document, RFC 8785: what the leaf's hash is of, and what the bundle holds."""
    return rfc8785.dumps(
        {
            "v": 1,
            "transcript": transcript.id,
            "sitting": transcript.sitting,
            "language": transcript.language,
            "revision": transcript.revision,
            **facts,
            "lines": [
                {
                    "start_ms": line.start_ms,
                    "end_ms": line.end_ms,
                    "seat": line.seat,
                    "speaker": line.speaker,
                    "text": line.text,
                }
                for line in lines
            ],
        }
    )


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()
