"""The sitting of a marriage: unity of session, consents, offer and acceptance (law.md 2.2, 5-11).

A pure machine: `after(majlis, event)` gives the next state and what the record says, or refuses
and changes nothing. Offer and acceptance stand only if every required person was there, on record
and able to hear from the offer to the acceptance; otherwise the pair is void and the step starts
again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from errors import N_, Refusal
from notary.marriage.application import Part


class Stage(StrEnum):
    """How far the sitting has come."""

    GATHERING = "gathering"
    """Lobby: identities one by one, the private consent."""
    UNITED = "united"
    """All required persons at once, on record."""
    READ = "read"
    """Status, impediments, dower and conditions were read aloud."""
    OFFERED = "offered"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    """Those who must hear confirmed that they heard both."""
    SIGNED = "signed"
    """All signed in order, the officiant last."""


class Act(StrEnum):
    """What may happen. The first group comes from the room, the second from people."""

    JOINED = "joined"
    DROPPED = "dropped"
    LINE_POOR = "line_poor"
    """Measured: this person's line is too poor to hear."""
    LINE_GOOD = "line_good"
    ON_RECORD = "on_record"
    OFF_RECORD = "off_record"
    REPLACED = "replaced"
    """Another device or page took this person's seat: nobody knows who sits there now."""

    VERIFIED = "verified"
    CONSENTED = "consented"
    REFUSED = "refused"
    UNITE = "unite"
    READ_ALOUD = "read_aloud"
    OFFER = "offer"
    ACCEPT = "accept"
    HEARD = "heard"
    CANNOT_HEAR = "cannot_hear"
    SIGN = "sign"
    SWORN = "sworn"
    """An interpreter took the oath in the room, on record."""
    SUSPEND = "suspend"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Event:
    """One happening. `form` of offer and acceptance: `spoken`, `written` (mute) or `signed`
    (sign language)."""

    act: Act
    part: Part | None = None
    form: str = "spoken"
    early: bool = False
    """It began before the acceptance and was noticed only after it."""


@dataclass(frozen=True, slots=True)
class Majlis:
    """The sitting as it stands. Made by `begin`."""

    required: tuple[Part, ...]
    hearers: tuple[Part, ...]
    signers: tuple[Part, ...]
    consenting: tuple[Part, ...]
    """Whose free consent is asked: the spouses, or who acts for them."""
    offeror: Part
    acceptor: Part
    stage: Stage = Stage.GATHERING
    present: frozenset[Part] = frozenset()
    poor: frozenset[Part] = frozenset()
    verified: frozenset[Part] = frozenset()
    consents: Mapping[Part, bool] = field(default_factory=dict)
    heard: frozenset[Part] = frozenset()
    signed: tuple[Part, ...] = ()
    on_record: bool = False
    restarts: int = 0
    helped: Mapping[Part, Part] = field(default_factory=dict)
    """Who is interpreted, to who interprets (R-MR-21)."""
    sworn: frozenset[Part] = frozenset()
    """Interpreters who took the oath."""
    suspended: bool = False
    """The officiant interrupted the sitting; nothing is done until it goes on."""

    @property
    def united(self) -> bool:
        """Unity of session now: all required persons there, and on record."""
        return self.on_record and self.present >= set(self.required)

    @property
    def audible(self) -> bool:
        """Nobody who must hear or speak has a line too poor for it."""
        return not self.poor & set(self.required)


def begin(
    required: tuple[Part, ...],
    hearers: tuple[Part, ...],
    signers: tuple[Part, ...],
    offeror: Part,
    acceptor: Part,
    consenting: tuple[Part, ...],
    helped: Mapping[Part, Part] | None = None,
) -> Majlis:
    """A sitting in which nobody is yet."""
    return Majlis(
        required, hearers, signers, consenting, offeror, acceptor, helped=dict(helped or {})
    )


Said = tuple[str, Part | None]
"""What the record says: a journal code and whom it is about."""


def after(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    """The next state and what the record says of it. Raises Refusal; then nothing changed."""
    if event.part is not None and event.part not in majlis.required:
        raise Refusal(
            "marriage.not_required", N_("This person takes no part in this step of the contract.")
        )
    return _STEPS[event.act](majlis, event)


def _joined(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    part = _part(event)
    return replace(majlis, present=majlis.present | {part}), ()


def _dropped(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    part = _part(event)
    left = replace(majlis, present=majlis.present - {part}, poor=majlis.poor - {part})
    return _void(left, "majlis.void.dropped", part, event.early)


def _line_poor(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    part = _part(event)
    poor = replace(majlis, poor=majlis.poor | {part})
    return _void(poor, "majlis.void.line", part, event.early)


def _line_good(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    return replace(majlis, poor=majlis.poor - {_part(event)}), ()


def _on_record(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    return replace(majlis, on_record=True), ()


def _off_record(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    return _void(replace(majlis, on_record=False), "majlis.void.off_record", None)


def _replaced(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    part = _part(event)
    if part not in majlis.verified:
        return majlis, ()
    unknown = replace(majlis, verified=majlis.verified - {part})
    voided, said = _void(unknown, "majlis.void.device", part, event.early)
    return voided, (("majlis.replaced", part), *said)


def _suspend(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    if majlis.suspended:
        return majlis, ()
    voided, said = _void(replace(majlis, suspended=True), "majlis.void.suspended", None)
    return voided, (("majlis.suspended", None), *said)


def _resume(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    if not majlis.suspended:
        return majlis, ()
    return replace(majlis, suspended=False), (("majlis.resumed", None),)


def _void(
    majlis: Majlis, code: str, part: Part | None, early: bool = False
) -> tuple[Majlis, tuple[Said, ...]]:
    """Between offer and acceptance the pair is void; the step starts again from the reading.

    `early`: a line is measured as dead some seconds after it died. What died before the acceptance
    and is noticed after it makes the pair void too, until the first signature.
    """
    noticed_late = early and majlis.stage in (Stage.ACCEPTED, Stage.CONFIRMED) and not majlis.signed
    if majlis.stage is not Stage.OFFERED and not noticed_late:
        return majlis, ()
    again = replace(majlis, stage=Stage.READ, heard=frozenset(), restarts=majlis.restarts + 1)
    return again, ((code, part),)


def _verify(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    part = _part(event)
    return replace(majlis, verified=majlis.verified | {part}), (("majlis.verified", part),)


def _sworn(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    """Only who interprets here takes this oath, on record and once."""
    part = _part(event)
    if part not in majlis.helped.values() or part in majlis.sworn or not majlis.on_record:
        return majlis, ()
    return replace(majlis, sworn=majlis.sworn | {part}), (("majlis.sworn", part),)


def _consent(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    part, given = _part(event), event.act is Act.CONSENTED
    if part not in majlis.consenting or part not in majlis.verified:
        raise Refusal(
            "marriage.consent_not_asked",
            N_("Verify this person's identity first; then ask for the consent in private."),
        )
    if majlis.stage not in (Stage.GATHERING, Stage.UNITED, Stage.READ, Stage.OFFERED):
        raise _too_late()
    if given and majlis.helped.get(part, part) not in {part, *majlis.sworn}:
        raise _not_sworn()
    now = replace(majlis, consents={**majlis.consents, part: given})
    said = ((f"majlis.consent.{'given' if given else 'refused'}", part),)
    if given:
        return now, said
    voided, more = _void(now, "majlis.void.consent", part)
    return voided, (*said, *more)


def _unite(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    _need_stage(majlis, Stage.GATHERING)
    _need_verified(majlis)
    _need_consents(majlis)
    _need_unity(majlis)
    return replace(majlis, stage=Stage.UNITED), (("majlis.united", None),)


def _read(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    _need_stage(majlis, Stage.UNITED)
    _need_unity(majlis)
    _need_verified(majlis)
    _need_oaths(majlis)
    return replace(majlis, stage=Stage.READ), (("majlis.read", None),)


def _offer(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    _need_stage(majlis, Stage.READ)
    _need_speaker(event, majlis.offeror)
    _need_verified(majlis)
    _need_oaths(majlis)
    _need_consents(majlis)
    _need_unity(majlis)
    _need_hearing(majlis)
    return replace(majlis, stage=Stage.OFFERED), ((f"majlis.offer.{event.form}", event.part),)


def _accept(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    _need_stage(majlis, Stage.OFFERED)
    _need_speaker(event, majlis.acceptor)
    _need_verified(majlis)
    _need_unity(majlis)
    _need_hearing(majlis)
    said = ((f"majlis.acceptance.{event.form}", event.part),)
    stage = Stage.ACCEPTED if majlis.hearers else Stage.CONFIRMED
    return replace(majlis, stage=stage), said


def _heard(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    _need_stage(majlis, Stage.ACCEPTED)
    part = _part(event)
    if part not in majlis.hearers or part not in majlis.present:
        raise Refusal(
            "marriage.not_a_hearer", N_("Only the witnesses, who are present, confirm this.")
        )
    heard = majlis.heard | {part}
    stage = Stage.CONFIRMED if heard >= set(majlis.hearers) else Stage.ACCEPTED
    return replace(majlis, heard=heard, stage=stage), (("majlis.heard", part),)


def _cannot_hear(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    part = _part(event)
    if majlis.stage is Stage.ACCEPTED:  # who heard nothing cannot confirm: the pair is void too
        majlis = replace(majlis, stage=Stage.OFFERED)
    return _void(majlis, "majlis.void.cannot_hear", part)


def _sign(majlis: Majlis, event: Event) -> tuple[Majlis, tuple[Said, ...]]:
    _need_stage(majlis, Stage.CONFIRMED)
    part = _part(event)
    _need_verified(majlis)
    _need_oaths(majlis)
    _need_unity(majlis)
    if (due := majlis.signers[len(majlis.signed)]) is not part:
        raise Refusal(
            "marriage.not_your_turn",
            N_("It is not your turn to sign. The page shows whose it is."),
            part=due.value,
        )
    signed = (*majlis.signed, part)
    stage = Stage.SIGNED if signed == majlis.signers else Stage.CONFIRMED
    return replace(majlis, signed=signed, stage=stage), (("majlis.signed", part),)


def _part(event: Event) -> Part:
    if event.part is None:
        raise ValueError(f"{event.act} is about somebody")
    return event.part


def _need_verified(majlis: Majlis) -> None:
    if missing := set(majlis.required) - majlis.verified:
        raise Refusal(
            "marriage.not_verified",
            N_("The identity of %(count)s persons is not verified yet."),
            count=len(missing),
        )


def _need_oaths(majlis: Majlis) -> None:
    if set(majlis.helped.values()) - majlis.sworn:
        raise _not_sworn()


def _not_sworn() -> Refusal:
    return Refusal(
        "marriage.not_sworn",
        N_("An interpreter has not taken the oath yet (R-MR-21). Go on record and read it out."),
    )


def _need_stage(majlis: Majlis, stage: Stage) -> None:
    if majlis.suspended:
        raise Refusal(
            "marriage.suspended", N_("The sitting is suspended. The officiant lets it go on.")
        )
    if majlis.stage is not stage:
        raise Refusal(
            "marriage.wrong_stage",
            N_("This step is not due. The page shows which one is."),
            stage=majlis.stage.value,
        )


def _need_speaker(event: Event, part: Part) -> None:
    if event.part is not part:
        raise Refusal(
            "marriage.wrong_speaker",
            N_("Another person utters this. The page shows who."),
            part=part.value,
        )


def _need_consents(majlis: Majlis) -> None:
    if not all(majlis.consents.get(part) for part in majlis.consenting):
        raise Refusal(
            "marriage.no_consent",
            N_("The free consent of both is not recorded. Ask for it in private first."),
        )


def _need_unity(majlis: Majlis) -> None:
    if not majlis.on_record:
        raise Refusal("marriage.off_record", N_("Go on record first: this step is recorded."))
    if missing := set(majlis.required) - majlis.present:
        raise Refusal(
            "marriage.no_unity",
            N_("Wait: %(count)s required persons are not in the sitting."),
            count=len(missing),
        )


def _need_hearing(majlis: Majlis) -> None:
    if not majlis.audible:
        raise Refusal(
            "marriage.line_too_poor",
            N_("A required person's line is too poor to hear. Wait until it is better."),
        )


def _too_late() -> Refusal:
    return Refusal(
        "marriage.wrong_stage",
        N_("This step is not due. The page shows which one is."),
    )


_STEPS = {
    Act.JOINED: _joined,
    Act.DROPPED: _dropped,
    Act.LINE_POOR: _line_poor,
    Act.LINE_GOOD: _line_good,
    Act.ON_RECORD: _on_record,
    Act.OFF_RECORD: _off_record,
    Act.REPLACED: _replaced,
    Act.VERIFIED: _verify,
    Act.CONSENTED: _consent,
    Act.REFUSED: _consent,
    Act.UNITE: _unite,
    Act.READ_ALOUD: _read,
    Act.OFFER: _offer,
    Act.ACCEPT: _accept,
    Act.HEARD: _heard,
    Act.CANNOT_HEAR: _cannot_hear,
    Act.SIGN: _sign,
    Act.SWORN: _sworn,
    Act.SUSPEND: _suspend,
    Act.RESUME: _resume,
}
