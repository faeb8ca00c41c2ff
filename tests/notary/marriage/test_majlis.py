"""The sitting of a marriage, in every order of events."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import Refusal
from notary.marriage.application import Part
from notary.marriage.majlis import Act, Event, Majlis, Stage, after, begin
from notary.marriage.track import required as who_must
from notary.marriage.track import signers, tracks
from tests.notary.marriage.sample import civil, sharia

TRACK = tracks()["sharia_federal"]
ALL = TRACK.required
FORMED = (Stage.ACCEPTED, Stage.CONFIRMED, Stage.SIGNED)


def sitting() -> Majlis:
    return begin(
        who_must(TRACK, sharia(), "AE"),
        TRACK.hearers,
        signers(TRACK, sharia(), "AE"),
        Part.GUARDIAN,
        Part.GROOM,
        (Part.GROOM, Part.BRIDE),
    )


def run(majlis: Majlis, *events: Event) -> Majlis:
    for event in events:
        majlis, _ = after(majlis, event)
    return majlis


GATHER = (
    *(Event(Act.VERIFIED, part) for part in ALL),
    *(Event(Act.JOINED, part) for part in ALL),
    Event(Act.ON_RECORD),
    Event(Act.CONSENTED, Part.BRIDE),
    Event(Act.CONSENTED, Part.GROOM),
)
READ = (*GATHER, Event(Act.UNITE), Event(Act.READ_ALOUD))
OFFER, ACCEPT = Event(Act.OFFER, Part.GUARDIAN), Event(Act.ACCEPT, Part.GROOM)
HEARD = tuple(Event(Act.HEARD, part) for part in TRACK.hearers)
SIGNING = tuple(Event(Act.SIGN, part) for part in TRACK.signs)


def refused(majlis: Majlis, event: Event) -> str:
    with pytest.raises(Refusal) as found:
        after(majlis, event)
    return found.value.code


def test_the_whole_path() -> None:
    done = run(sitting(), *READ, OFFER, ACCEPT, *HEARD, *SIGNING)
    assert (done.stage, done.restarts, done.signed) == (Stage.SIGNED, 0, TRACK.signs)


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (Event(Act.DROPPED, Part.WITNESS_2), "majlis.void.dropped"),
        (Event(Act.LINE_POOR, Part.BRIDE), "majlis.void.line"),
        (Event(Act.CANNOT_HEAR, Part.WITNESS_1), "majlis.void.cannot_hear"),
        (Event(Act.OFF_RECORD), "majlis.void.off_record"),
        (Event(Act.REFUSED, Part.BRIDE), "majlis.void.consent"),
    ],
)
def test_between_offer_and_acceptance_the_pair_is_void(event: Event, code: str) -> None:
    offered = run(sitting(), *READ, OFFER)
    now, said = after(offered, event)
    assert (now.stage, now.restarts) == (Stage.READ, 1)
    assert code in [found for found, _ in said]
    assert refused(now, ACCEPT) == "marriage.wrong_stage"


def test_it_starts_again_when_the_dropped_person_is_back() -> None:
    broken = run(sitting(), *READ, OFFER, Event(Act.DROPPED, Part.BRIDE))
    assert refused(broken, OFFER) == "marriage.no_unity"
    again = run(broken, Event(Act.JOINED, Part.BRIDE), OFFER, ACCEPT, *HEARD, *SIGNING)
    assert (again.stage, again.restarts) == (Stage.SIGNED, 1)


def test_a_witness_who_did_not_hear_makes_the_pair_void_after_the_acceptance_too() -> None:
    accepted = run(sitting(), *READ, OFFER, ACCEPT, HEARD[0])
    again = run(accepted, Event(Act.CANNOT_HEAR, Part.WITNESS_2))
    assert (again.stage, again.heard) == (Stage.READ, frozenset())


def test_a_poor_line_stops_offer_and_acceptance_by_measurement() -> None:
    poor = run(sitting(), *READ, Event(Act.LINE_POOR, Part.WITNESS_1))
    assert refused(poor, OFFER) == "marriage.line_too_poor"
    assert run(poor, Event(Act.LINE_GOOD, Part.WITNESS_1), OFFER).stage is Stage.OFFERED


def test_another_device_on_a_seat_is_nobody_until_it_is_verified() -> None:
    """A person admitted twice from two devices (R-MR-01): who sits there now was not compared."""
    offered = run(sitting(), *READ, OFFER)
    now, said = after(offered, Event(Act.REPLACED, Part.BRIDE))
    assert [code for code, _ in said] == ["majlis.replaced", "majlis.void.device"]
    assert (now.stage, now.restarts) == (Stage.READ, 1)
    assert refused(now, OFFER) == "marriage.not_verified"
    assert run(now, Event(Act.VERIFIED, Part.BRIDE), OFFER, ACCEPT).stage is Stage.ACCEPTED


def test_a_line_that_died_before_the_acceptance_makes_it_void_when_it_is_noticed() -> None:
    accepted = run(sitting(), *READ, OFFER, ACCEPT)
    assert run(accepted, Event(Act.LINE_POOR, Part.WITNESS_1)).stage is Stage.ACCEPTED
    early = Event(Act.LINE_POOR, Part.WITNESS_1, early=True)
    assert run(accepted, early).stage is Stage.READ
    assert run(accepted, *HEARD, early).stage is Stage.READ
    assert run(accepted, *HEARD, SIGNING[0], early).stage is Stage.CONFIRMED


def test_nothing_is_done_while_the_sitting_is_suspended() -> None:
    stopped = run(sitting(), *READ, OFFER, Event(Act.SUSPEND))
    assert stopped.stage is Stage.READ
    assert refused(stopped, OFFER) == "marriage.suspended"
    assert run(stopped, Event(Act.RESUME), OFFER).stage is Stage.OFFERED


def test_who_speaks_and_in_which_order() -> None:
    ready = run(sitting(), *READ)
    assert refused(ready, Event(Act.OFFER, Part.GROOM)) == "marriage.wrong_speaker"
    assert refused(ready, ACCEPT) == "marriage.wrong_stage"
    confirmed = run(ready, OFFER, ACCEPT, *HEARD)
    assert refused(confirmed, Event(Act.SIGN, Part.BRIDE)) == "marriage.not_your_turn"
    first = run(confirmed, Event(Act.SIGN, Part.GROOM))
    assert refused(first, Event(Act.SIGN, Part.GROOM)) == "marriage.not_your_turn"


def test_no_unity_without_identities_consents_record_and_everybody() -> None:
    for left_out in GATHER:
        gathered = run(
            sitting(),
            *(
                event
                for event in GATHER
                if event is not left_out
                and not (
                    left_out.act is Act.VERIFIED
                    and event.act is Act.CONSENTED
                    and event.part is left_out.part
                )
            ),
        )
        assert refused(gathered, Event(Act.UNITE)).startswith("marriage.")


def test_a_civil_marriage_has_no_hearers() -> None:
    track, app = tracks()["civil_federal"], civil("civil_federal")
    majlis = begin(
        who_must(track, app, "AE"),
        track.hearers,
        signers(track, app, "AE"),
        Part.BRIDE,
        Part.GROOM,
        (Part.GROOM, Part.BRIDE),
    )
    three = track.required
    events = (
        *(Event(Act.VERIFIED, part) for part in three),
        *(Event(Act.JOINED, part) for part in three),
        Event(Act.ON_RECORD),
        Event(Act.CONSENTED, Part.BRIDE),
        Event(Act.CONSENTED, Part.GROOM),
        Event(Act.UNITE),
        Event(Act.READ_ALOUD),
        Event(Act.OFFER, Part.BRIDE, "written"),
        ACCEPT,
        *(Event(Act.SIGN, part) for part in track.signs),
    )
    assert run(majlis, *events).stage is Stage.SIGNED


PEOPLE = st.sampled_from(ALL)
EVENTS = st.one_of(
    st.builds(
        Event,
        st.sampled_from(
            [
                act
                for act in Act
                if act not in (Act.ON_RECORD, Act.OFF_RECORD, Act.UNITE, Act.READ_ALOUD)
            ]
        ),
        PEOPLE,
    ),
    st.builds(Event, st.sampled_from([Act.DROPPED, Act.LINE_POOR]), PEOPLE, early=st.just(True)),
    st.builds(Event, st.sampled_from([Act.ON_RECORD, Act.OFF_RECORD, Act.UNITE, Act.READ_ALOUD])),
)
USUAL = (*READ, OFFER, ACCEPT, *HEARD, *SIGNING)
EPISODES = st.one_of(
    st.tuples(EVENTS),
    st.builds(lambda part: (Event(Act.DROPPED, part), Event(Act.JOINED, part)), PEOPLE),
    st.builds(lambda part: (Event(Act.LINE_POOR, part), Event(Act.LINE_GOOD, part)), PEOPLE),
    st.just((Event(Act.OFF_RECORD), Event(Act.ON_RECORD))),
    st.just((Event(Act.SUSPEND), Event(Act.RESUME))),
    st.builds(lambda part: (Event(Act.REPLACED, part), Event(Act.VERIFIED, part)), PEOPLE),
    st.builds(
        lambda part: (Event(Act.REFUSED, part), Event(Act.CONSENTED, part)),
        st.sampled_from((Part.GROOM, Part.BRIDE)),
    ),
)
"""Something that happens and is made good again: the dangerous ones fall within the step."""
PLACES = st.one_of(st.integers(0, len(USUAL)), st.sampled_from(range(len(READ), len(READ) + 4)))
ORDERS = st.lists(st.tuples(PLACES, EPISODES), max_size=8)


@settings(max_examples=400, deadline=None)
@given(ORDERS, st.sets(st.integers(0, len(USUAL) - 1), max_size=2), st.lists(EVENTS, max_size=30))
def test_no_order_of_events_makes_a_contract_without_its_conditions(
    between: list[tuple[int, tuple[Event, ...]]], left_out: set[int], others: list[Event]
) -> None:
    """The usual path with steps left out and anything thrown in, watched from outside."""
    events = [event for place, event in enumerate(USUAL) if place not in left_out]
    for place, episode in sorted(between, key=lambda pair: -pair[0]):
        events[place:place] = episode
    events += others
    majlis = sitting()
    there: set[Part] = set()
    poor: set[Part] = set()
    record = whole = False
    heard: set[Part] = set()
    for event in events:
        before = majlis
        try:
            majlis, _ = after(majlis, event)
        except Refusal:
            assert majlis is before
            continue
        if event.act is Act.JOINED:
            there |= {event.part} if event.part else set()
        if event.act is Act.DROPPED:
            there -= {event.part} if event.part else set()
            poor -= {event.part} if event.part else set()
        if event.act is Act.LINE_POOR:
            poor |= {event.part} if event.part else set()
        if event.act is Act.LINE_GOOD:
            poor -= {event.part} if event.part else set()
        if event.act in (Act.ON_RECORD, Act.OFF_RECORD):
            record = event.act is Act.ON_RECORD
        fine = record and there >= set(ALL) and not poor
        if event.act is Act.OFFER:
            whole, heard = fine, set()
        breaks = (Act.REFUSED, Act.SUSPEND, Act.REPLACED)
        if event.act in breaks and before.stage is Stage.OFFERED:
            whole = whole and majlis.stage is Stage.OFFERED
        if event.early and before.stage in FORMED and not before.signed:
            assert majlis.stage is Stage.READ
        whole = whole and (fine or before.stage in FORMED)
        if event.act is Act.HEARD and event.part:
            heard.add(event.part)
        if event.act is Act.CANNOT_HEAR:
            heard = set() if majlis.stage is Stage.READ else heard
        if majlis.stage in FORMED:
            assert whole
            assert majlis.consents.get(Part.BRIDE)
            assert majlis.consents.get(Part.GROOM)
            known = event.act is Act.REPLACED or majlis.verified >= before.verified
            assert known
            assert before.stage in FORMED or majlis.verified >= set(ALL)
        if majlis.stage in (Stage.CONFIRMED, Stage.SIGNED):
            assert heard >= set(TRACK.hearers)
        if majlis.stage is Stage.SIGNED:
            assert majlis.signed == TRACK.signs
            assert before.stage is Stage.SIGNED or majlis.verified >= set(ALL)
    assert majlis.stage is not Stage.OFFERED or majlis.united


WITH_INTERPRETER = begin(
    (*ALL, Part.INTERPRETER_1),
    TRACK.hearers,
    (*TRACK.signs[:-1], Part.INTERPRETER_1, Part.OFFICIANT),
    Part.GUARDIAN,
    Part.GROOM,
    (Part.GROOM, Part.BRIDE),
    {Part.GUARDIAN: Part.INTERPRETER_1},
)
INTERPRETED = (
    *(Event(act, Part.INTERPRETER_1) for act in (Act.VERIFIED, Act.JOINED)),
    Event(Act.ON_RECORD),
    Event(Act.SWORN, Part.INTERPRETER_1),
    *USUAL[: -len(SIGNING)],
    *SIGNING[:-1],
    Event(Act.SIGN, Part.INTERPRETER_1),
    SIGNING[-1],
)
GONE = st.builds(
    lambda part: (Event(Act.DROPPED, part), Event(Act.JOINED, part)),
    st.sampled_from((*ALL, Part.INTERPRETER_1)),
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(INTERPRETED)), st.one_of(GONE, EPISODES)), max_size=5),
    st.sets(st.integers(0, len(INTERPRETED) - 1), max_size=3),
    st.sampled_from((Part.BRIDE, Part.GUARDIAN)),
)
def test_nothing_is_read_or_signed_without_the_interpreters_oath(
    between: list[tuple[int, tuple[Event, ...]]], left_out: set[int], helped: Part
) -> None:
    events = [event for place, event in enumerate(INTERPRETED) if place not in left_out]
    for place, episode in sorted(between, key=lambda pair: -pair[0]):
        events[place:place] = episode
    majlis = replace(WITH_INTERPRETER, helped={helped: Part.INTERPRETER_1})
    sworn = False
    for event in events:
        before = majlis
        try:
            majlis, said = after(majlis, event)
        except Refusal:
            continue
        sworn = sworn or ("majlis.sworn", Part.INTERPRETER_1) in said
        consented = helped is Part.BRIDE and majlis.consents.get(Part.BRIDE)
        if consented or majlis.stage not in (Stage.GATHERING, Stage.UNITED):
            assert sworn
        if event.act is Act.DROPPED and event.part is Part.INTERPRETER_1:
            assert before.stage is not Stage.OFFERED or majlis.stage is Stage.READ
    if not left_out and not between:
        assert majlis.stage is Stage.SIGNED
