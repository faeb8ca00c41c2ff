"""Values and frames between the main process and its media workers."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import engine
from signaling.engine import (
    HearingSpace,
    LineReport,
    MediaPacket,
    MediaRefused,
    PrivateSpace,
    SinkRefused,
    SlotsChanged,
    Speaking,
    TrackId,
)
from signaling.media_room import SlotCounts
from signaling.worker_wire import (
    Kind,
    Reader,
    WireError,
    frame,
    lift,
    lift_error,
    lower,
    lower_error,
    packet,
    packets,
    raw_frame,
    values,
)

CAMERA = TrackId("judge", "camera")
PRIVATE = PrivateSpace("s", "p", frozenset({"lawyer", "client"}))


def over(value: Any) -> Any:
    """As the other side gets it."""
    ((_, body),) = Reader().feed(frame(Kind.EVENT, lower(value)))
    return lift(values(body)[0])


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -3,
        0.25,
        "محضر",
        b"\x00\xff",
        [1, [2]],
        ("a", (1,)),
        frozenset({"camera", "screen"}),
        {CAMERA: "vp8"},
        HearingSpace("s"),
        PRIVATE,
        SlotsChanged("judge", "c1", {"v0": CAMERA}),
        Speaking(PRIVATE, ("lawyer",)),
        {"judge": LineReport(True, 0.02, 0.0, 0.1, None, 1, 2, 0.5)},
        SlotCounts(2, 2, 1),
    ],
)
def test_a_value_arrives_as_it_was(value: object) -> None:
    found = over(value)
    assert found == value
    assert type(found) is type(value)


def test_every_type_of_the_engine_goes_over_the_line() -> None:
    for item in engine.MediaEvent.__args__:
        made = item(*(CAMERA for _ in dataclasses.fields(item)))
        assert over(made) == made


def test_nothing_else_does() -> None:
    with pytest.raises(TypeError):
        lower(object())
    wrong: tuple[Any, ...] = ({"!": "Popen", "f": []}, {"f": []}, {"!": "TrackId", "f": [1]})
    for foreign in wrong:
        with pytest.raises(WireError):
            lift(foreign)


@pytest.mark.parametrize(
    "error", [ValueError("space of another sitting"), SinkRefused("no"), MediaRefused("media.x")]
)
def test_documented_errors_keep_their_type(error: Exception) -> None:
    found = lift_error(*lower_error(error))
    assert type(found) is type(error)
    assert str(found) == str(error)


def test_other_errors_are_a_failure_of_the_worker() -> None:
    assert "KeyError" in str(lift_error(*lower_error(KeyError("x"))))


@given(
    st.lists(
        st.builds(
            MediaPacket,
            st.integers(0, 0xFFFF),
            st.integers(0, 0xFFFFFFFF),
            st.booleans(),
            st.binary(max_size=1500),
            st.integers(0, 2**63),
        )
    ),
    st.integers(1, 50),
)
def test_batches_survive_any_cut_of_the_stream(items: list[MediaPacket], step: int) -> None:
    batch = b"".join(packet(7, item) for item in items)
    stream = raw_frame(Kind.PACKETS, batch) + frame(Kind.REPLY, 1, "", None)
    reader, found = Reader(), []
    for at in range(0, len(stream), step):
        found += list(reader.feed(stream[at : at + step]))
    assert [kind for kind, _ in found] == [Kind.PACKETS, Kind.REPLY]
    assert list(packets(found[0][1])) == [(7, item) for item in items]


@given(st.binary(max_size=60))
def test_nonsense_is_an_error_of_the_wire(data: bytes) -> None:
    for read in (lambda: list(packets(data)), lambda: lift(values(data)), lambda: _read(data)):
        try:
            read()
        except WireError:
            continue


def _read(data: bytes) -> None:
    for _, body in Reader().feed(data):
        values(body)


def test_a_frame_beyond_the_limit_is_refused() -> None:
    with pytest.raises(WireError):
        list(Reader().feed(b"\xff\xff\xff\xff\x01"))
