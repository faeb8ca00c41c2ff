"""Transport-wide feedback: the bytes, what is lost, and numbers that wrap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import rtcp, twcc
from signaling.feedback import MS
from signaling.rtp import MalformedPacket

START = 5_000 * MS


def feedback_of(data: bytes) -> twcc.Feedback:
    (message,) = rtcp.parse(data)
    assert isinstance(message, rtcp.TransportFeedback)
    return message.feedback


def test_bytes_of_a_known_packet() -> None:
    """Three packets, the second lost, the third 20 ms later: a vector chunk and two deltas."""
    arrivals = twcc.Arrivals()
    arrivals.add(0xFFFF, 64 * MS)
    arrivals.add(1, 84 * MS)
    data = arrivals.feedback(0x11, 0x22)
    assert data.hex() == "8fcd00050000001100000022ffff000300000101d1000050"


def test_silence_says_nothing() -> None:
    arrivals = twcc.Arrivals()
    assert arrivals.feedback(1, 2) == b""
    arrivals.add(7, START)
    assert arrivals.feedback(1, 2)
    assert arrivals.feedback(1, 2) == b""


def test_what_is_missing_is_told_once_and_what_comes_late_is_told() -> None:
    arrivals = twcc.Arrivals()
    arrivals.add(10, START)
    arrivals.feedback(1, 2)
    arrivals.add(13, START + 5 * MS)
    found = feedback_of(arrivals.feedback(1, 2))
    assert (found.base, found.arrivals) == (11, (None, None, START + 5 * MS))
    arrivals.add(12, START + 9 * MS)
    late = feedback_of(arrivals.feedback(1, 2))
    assert (late.base, late.arrivals) == (12, (START + 9 * MS,))


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.tuples(st.integers(1, 12), st.integers(0, 400)), min_size=1, max_size=300),
)
def test_what_is_told_is_what_arrived(first: int, steps: list[tuple[int, int]]) -> None:
    arrivals, told = twcc.Arrivals(), {}
    number, at, truth = first, START, {}
    for forward, wait in steps:
        arrivals.add(number & 0xFFFF, at)
        truth[number & 0xFFFF] = at
        number += forward
        at += wait * twcc.TICK
    found = feedback_of(arrivals.feedback(1, 2))
    for step, arrival in enumerate(found.arrivals):
        told[(found.base + step) & 0xFFFF] = arrival
    assert {number: at for number, at in told.items() if at is not None} == truth


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        found = twcc.read(body)
    except MalformedPacket:
        return
    assert 0 < len(found.arrivals) <= twcc.MAX_COUNT


@pytest.mark.parametrize("count", [0, 5000])
def test_a_count_that_nobody_sends_is_refused(count: int) -> None:
    body = bytes(8) + bytes(2) + count.to_bytes(2) + bytes(4) + b"\x1f\xff" * 20
    with pytest.raises(MalformedPacket):
        twcc.read(body)


def test_history_matches_each_packet_once_and_no_stranger() -> None:
    history = twcc.SendHistory()
    (first,) = history.take([1000], START)
    (second,) = history.take([500], START + MS)
    found = twcc.Feedback(first, (START + 7 * MS, None, START + 9 * MS))
    assert history.match(found) == twcc.Sent(1, 1000, START + 7 * MS, 7 * MS, missing=1)
    assert history.match(found) == twcc.Sent(missing=1)
    late = twcc.Feedback(second, (START + 8 * MS,))
    assert history.match(late) == twcc.Sent(1, 500, START + 8 * MS, 7 * MS)


def test_history_forgets_what_is_a_circle_old() -> None:
    history = twcc.SendHistory()
    (old,) = history.take([1], START)
    for _ in range(twcc.HISTORY):
        history.take([1], START)
    assert history.match(twcc.Feedback(old, (1,))) == twcc.Sent()
    assert history.match(twcc.Feedback(old - 1, (1,))) == twcc.Sent()


@given(st.integers(0, 0x1FFFF), st.lists(st.integers(1, 1500), min_size=1, max_size=200))
def test_packets_are_numbered_together_as_one_by_one(before: int, sizes: list[int]) -> None:
    together, single = twcc.SendHistory(), twcc.SendHistory()
    together.number = single.number = before & 0xFFFF
    numbers = list(together.take(sizes, START))
    assert numbers == [single.one(size, START) for size in sizes]
    found = twcc.Feedback(numbers[0], (START,) * len(sizes))
    assert together.match(found) == single.match(found)


@given(st.integers(0, 0x1FFFF), st.lists(st.integers(1, 1500), min_size=1, max_size=200))
def test_whole_feedback_is_matched_like_one_with_a_gap(before: int, sizes: list[int]) -> None:
    """The short way, for feedback that speaks of arrivals alone, concludes the same."""
    one, other = twcc.SendHistory(), twcc.SendHistory()
    one.number = other.number = before & 0xFFFF
    first = one.take(sizes, START)[0]
    assert other.take(sizes, START)[0] == first
    arrivals = tuple(START + 20 * MS + index * MS for index in range(len(sizes)))
    whole = one.match(twcc.Feedback(first, arrivals))
    with_stranger = other.match(twcc.Feedback(first, (*arrivals, None)))
    assert whole == with_stranger
    assert whole == twcc.Sent(len(sizes), sum(sizes), arrivals[-1], 20 * MS)
