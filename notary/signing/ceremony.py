"""A signing ceremony: one document, its signers in order, and what has happened so far.

Pure: time and outcomes are passed in, a changed ceremony is returned. The order is the order of
the slots; nobody signs before the ones above have signed. A slot is *claimed* while its signature
is being made, so that two attempts at once cannot both make a revision; a claim that brought
nothing lapses, and the slot waits again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from errors import N_, BadInput, NotFound, Refusal

CLAIM: Final = timedelta(minutes=3)
"""Longer than any signature takes; a process that died has lost its claim after it."""
MAX_SLOTS: Final = 24


class State(StrEnum):
    """Of a ceremony. Codes; `LABELS` has their message ids."""

    OPEN = "open"
    CLOSING = "closing"
    SEALED = "sealed"
    WITHDRAWN = "withdrawn"


LABELS: Final[dict[State, str]] = {
    State.OPEN: N_("Awaiting signatures"),
    State.CLOSING: N_("Signed by all; awaiting the notary"),
    State.SEALED: N_("Signed and sealed"),
    State.WITHDRAWN: N_("Withdrawn before it was complete"),
}


class Sort(StrEnum):
    """What a slot is for."""

    PARTY = "party"
    """A party, witness, interpreter: everybody who signs before the officer."""
    NOTARY = "notary"
    PRESIDENT = "president"
    """The presiding judge, who closes minutes as a notary closes a deed."""
    OFFICIANT = "officiant"
    """Closes a marriage contract: an authority of its own, never a notary's."""
    JUDGE = "judge"
    """Closes what a court issues."""
    SEAL = "seal"
    """The office's seal, which follows the closing signature by itself."""

    @property
    def closes(self) -> bool:
        """Whether this signature is the last one of a person."""
        return self in CLOSERS


CLOSERS: Final = frozenset({Sort.NOTARY, Sort.PRESIDENT, Sort.OFFICIANT, Sort.JUDGE})
"""The officer before whom a document is signed: prepares it, signs last, may withdraw it."""


class Slot(StrEnum):
    """State of a slot."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SIGNED = "signed"


TRANSITIONS: Final[dict[State, dict[str, State]]] = {
    State.OPEN: {"sign": State.OPEN, "signed_by_all": State.CLOSING, "withdraw": State.WITHDRAWN},
    State.CLOSING: {"sign": State.CLOSING, "seal": State.SEALED, "withdraw": State.WITHDRAWN},
    State.SEALED: {"renew": State.SEALED},
    State.WITHDRAWN: {},
}
"""The whole life of a ceremony: state, what happens, state after it. All else is refused."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs at one place, as the document names them."""

    field: str
    """The name of the box in the template, and of the signature field."""
    person: str
    """Account id; empty for the seal."""
    sort: Sort
    name_ar: str
    name_en: str
    capacity_ar: str
    capacity_en: str
    state: Slot = Slot.WAITING
    claim: str = ""
    claimed_at: datetime | None = None
    signed_at: datetime | None = None
    certificate: str = ""
    """Serial number of the signer's certificate, in hex."""


@dataclass(frozen=True, slots=True)
class Ceremony:
    """One document and its signers."""

    id: str
    subject: str
    """Opaque id of the deed (or marriage, ...) that the document belongs to."""
    state: State
    signers: tuple[Signer, ...]
    revision: int
    """Of the newest file; 0 is the document before any signature."""
    sha256: str
    """Of the newest file, in hex: what a signer confirms."""
    created_at: datetime

    @property
    def signed(self) -> int:
        """How many have signed."""
        return sum(one.state is Slot.SIGNED for one in self.signers)


def begin(id: str, subject: str, signers: Sequence[Signer], sha256: str, now: datetime) -> Ceremony:
    """A new ceremony. Raises BadInput unless parties come first, then one officer, then one seal
    at most, each at a place of its own; or there is the seal alone (a paper of the office)."""
    sorts = [one.sort for one in signers]
    tail = [sort for sort in sorts if sort is not Sort.PARTY]
    wrong = (
        not sorts
        or len(sorts) > MAX_SLOTS
        or len({one.field for one in signers}) != len(sorts)
        or (not _ends(tail) and sorts != [Sort.SEAL])
        or sorts[-len(tail) :] != tail
        or any((one.person == "") is not (one.sort is Sort.SEAL) for one in signers)
    )
    if wrong:
        raise BadInput(
            "signing.order",
            N_("Name the signers in order: the parties, then one notary, then the seal."),
        )
    state = State.CLOSING if sorts[0] is not Sort.PARTY else State.OPEN
    return Ceremony(id, subject, state, tuple(signers), 0, sha256, now)


def _ends(tail: Sequence[Sort]) -> bool:
    """One who closes, and one seal at most."""
    return bool(tail) and tail[0].closes and tail[1:] in ([], [Sort.SEAL])


def turn(ceremony: Ceremony) -> int | None:
    """Whose turn it is: a place among the signers; None when it is nobody's."""
    if "sign" not in TRANSITIONS[ceremony.state]:
        return None
    places = (i for i, one in enumerate(ceremony.signers) if one.state is not Slot.SIGNED)
    return next(places, None)


def place_of(ceremony: Ceremony, person: str) -> int:
    """The place at which `person` may sign now. Raises Refusal `signing.*`, NotFound."""
    own = [i for i, one in enumerate(ceremony.signers) if one.person == person]
    if not own:
        raise NotFound(
            "signing.not_a_signer", N_("You are not among the signers of this document.")
        )
    at = turn(ceremony)
    if at is None:
        raise Refusal(
            "signing.over", N_("This document takes no more signatures. Open it to see its state.")
        )
    if at in own:
        return at
    if all(ceremony.signers[i].state is Slot.SIGNED for i in own):
        raise Refusal("signing.already", N_("You have signed this document already."))
    raise Refusal(
        "signing.not_your_turn",
        N_("It is not your turn. You are asked when those before you have signed."),
    )


def claim(ceremony: Ceremony, place: int, token: str, now: datetime) -> Ceremony:
    """Reserve a place while its signature is made. Raises Refusal `signing.busy`."""
    if place != turn(ceremony):
        raise Refusal("signing.over", N_("This document takes no signature there now."))
    one = ceremony.signers[place]
    if one.state is Slot.CLAIMED and one.claimed_at is not None and now < one.claimed_at + CLAIM:
        raise Refusal(
            "signing.busy", N_("A signature is being made at this place. Wait until it is done.")
        )
    return _put(ceremony, place, replace(one, state=Slot.CLAIMED, claim=token, claimed_at=now))


def release(ceremony: Ceremony, place: int, token: str) -> Ceremony:
    """Give a claim back: no signature was made. Another's claim stays."""
    one = ceremony.signers[place]
    if one.state is not Slot.CLAIMED or one.claim != token:
        return ceremony
    return _put(ceremony, place, replace(one, state=Slot.WAITING, claim="", claimed_at=None))


def apply(
    ceremony: Ceremony, place: int, token: str, sha256: str, certificate: str, now: datetime
) -> Ceremony:
    """The signature is there: a new revision. Raises Refusal `signing.lost` when the claim is
    not this one any more, or the ceremony ended meanwhile."""
    one = ceremony.signers[place]
    event = "seal" if one.sort is Sort.SEAL or _last(ceremony, place) else "sign"
    if (
        event not in TRANSITIONS[ceremony.state]
        or one.state is not Slot.CLAIMED
        or one.claim != token
    ):
        raise Refusal(
            "signing.lost", N_("The document changed meanwhile. Read it again, then sign.")
        )
    done = replace(one, state=Slot.SIGNED, claim="", signed_at=now, certificate=certificate)
    changed = _put(ceremony, place, done)
    state = TRANSITIONS[ceremony.state][event]
    if state is State.OPEN and changed.signers[place + 1].sort is not Sort.PARTY:
        state = TRANSITIONS[state]["signed_by_all"]
    return replace(changed, state=state, revision=ceremony.revision + 1, sha256=sha256)


def withdraw(ceremony: Ceremony) -> Ceremony:
    """End it before it is complete: a party left or refused. Raises Refusal `signing.over`."""
    if "withdraw" not in TRANSITIONS[ceremony.state]:
        raise Refusal(
            "signing.over", N_("This document takes no more signatures. Open it to see its state.")
        )
    return replace(ceremony, state=TRANSITIONS[ceremony.state]["withdraw"])


def renew(ceremony: Ceremony, sha256: str) -> Ceremony:
    """A new archive time-stamp: a new file, nobody's signature."""
    if "renew" not in TRANSITIONS[ceremony.state]:
        raise Refusal("signing.not_sealed", N_("Only a sealed document is renewed."))
    return replace(ceremony, revision=ceremony.revision + 1, sha256=sha256)


def _last(ceremony: Ceremony, place: int) -> bool:
    return place == len(ceremony.signers) - 1


def _put(ceremony: Ceremony, place: int, signer: Signer) -> Ceremony:
    signers = [*ceremony.signers]
    signers[place] = signer
    return replace(ceremony, signers=tuple(signers))
