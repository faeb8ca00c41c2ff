from hypothesis import given
from hypothesis import strategies as st

from signaling.feedback import (
    CAP_FLOOR,
    MS,
    REPAIR_BURST,
    SECOND,
    BandwidthCap,
    KeyframeRequests,
    Reception,
    RepairBudget,
    SenderClock,
    VoiceLevel,
    loudest,
    ns_to_ntp,
    ntp_to_ns,
)

NOW = 500 * SECOND


def reception(*sequences: int, repair: bool = True) -> Reception:
    stream = Reception(90_000, repair=repair)
    for index, sequence in enumerate(sequences):
        stream.add(sequence, index * 3000, NOW + index * 33 * MS)
    return stream


def test_duplicates_are_refused() -> None:
    stream = reception(1, 2, 3)
    assert not stream.add(2, 0, NOW)
    assert not stream.add(3, 0, NOW, repair=True)
    assert (stream.received, stream.repaired, stream.duplicates) == (3, 0, 2)


def test_late_packets_are_taken_once() -> None:
    stream = reception(1, 2, 4)
    assert stream.add(3, 0, NOW)
    assert not stream.add(3, 0, NOW)
    assert stream.expected == stream.received == 4


@given(st.integers(0, 65535), st.permutations(range(40)))
def test_any_order_across_the_wrap_counts_all(base: int, order: list[int]) -> None:
    stream = Reception(90_000, repair=True)
    stream.add((base - 1) & 0xFFFF, 0, NOW)
    for offset in order:
        assert stream.add((base + offset) & 0xFFFF, 0, NOW)
    assert stream.expected == stream.received == 41
    assert stream.wanted(NOW) == []


def test_losses_are_asked_for_and_asked_again_until_too_late() -> None:
    stream = reception(65534, 1)
    assert stream.has_new_loss
    assert stream.wanted(NOW) == [65535, 0]
    assert not stream.has_new_loss
    assert stream.wanted(NOW + 79 * MS) == []
    assert stream.wanted(NOW + 80 * MS) == [65535, 0]
    stream.add(65535, 0, NOW + 90 * MS, repair=True)
    assert stream.wanted(NOW + 200 * MS) == [0]
    assert not stream.gave_up
    assert stream.wanted(NOW + 2 * SECOND) == []
    assert stream.gave_up
    assert (stream.received, stream.repaired, stream.expected) == (2, 1, 4)


def test_an_outage_is_not_repaired_packet_by_packet() -> None:
    stream = reception(1, 1000)
    assert stream.wanted(NOW) == []
    assert stream.gave_up


def test_audio_is_never_asked_for() -> None:
    stream = reception(1, 9, repair=False)
    assert not stream.has_new_loss
    assert stream.wanted(NOW) == []
    assert not stream.gave_up


def test_a_new_numbering_is_accepted_after_strays() -> None:
    stream = reception(1, 2)
    assert not stream.add(30_000, 0, NOW)
    assert stream.add(3, 0, NOW)
    assert [stream.add(number, 0, NOW) for number in (30_000, 30_001, 30_002, 30_003)] == [
        False,
        False,
        True,
        True,
    ]


def test_a_repair_alone_starts_nothing() -> None:
    assert not Reception(90_000, repair=True).add(5, 0, NOW, repair=True)


def test_report_block_counts_the_interval_and_the_total() -> None:
    stream = reception(10, 11, 13)
    block = stream.block(7, 0, 0)
    assert (block.fraction, block.lost, block.highest & 0xFFFF) == (64, 1, 13)
    stream.add(14, 0, NOW)
    stream.add(15, 0, NOW)
    assert (stream.block(7, 0, 0).fraction, stream.block(7, 0, 0).lost) == (0, 1)


def test_jitter_is_in_clock_units() -> None:
    stream = Reception(90_000, repair=True)
    stream.add(1, 0, NOW)
    stream.add(2, 3000, NOW + SECOND // 30 + 16 * MS)
    assert 85 <= stream.jitter <= 95  # 16 ms are 1440 units, a sixteenth of it counts


def test_keyframes_are_asked_for_twice_a_second_until_one_comes() -> None:
    requests = KeyframeRequests()
    sent = [at for at in range(0, 1600, 10) if requests.want(NOW + at * MS)]
    assert sent == [0, 500, 1000, 1500]
    requests.arrived()
    assert not requests.due(NOW + 3 * SECOND)
    assert requests.want(NOW + 3 * SECOND)


def test_a_wish_within_the_pause_is_kept() -> None:
    requests = KeyframeRequests()
    assert requests.want(NOW)
    requests.arrived()
    assert not requests.want(NOW + 100 * MS)
    assert requests.due(NOW + 500 * MS)


def test_sender_clock_trusts_the_fastest_report_of_late() -> None:
    clock = SenderClock()
    for second, delay in ((1, 50), (2, 10), (3, 80)):
        clock.add(ns_to_ntp(second * SECOND), NOW + second * SECOND + delay * MS)
    assert abs(clock.to_local(ns_to_ntp(5 * SECOND)) - (NOW + 5 * SECOND + 10 * MS)) < 10
    for second in range(4, 70):
        clock.add(ns_to_ntp(second * SECOND), NOW + second * SECOND + 40 * MS)
    assert abs(clock.to_local(ns_to_ntp(0)) - (NOW + 40 * MS)) < 10


@given(st.integers(0, 2**62))
def test_ntp_round_trip(value: int) -> None:
    assert abs(ntp_to_ns(ns_to_ntp(value)) - value) <= 1


def test_the_cap_is_sent_early_and_often_then_each_second() -> None:
    cap = BandwidthCap(2_500_000)
    sent = [at for at in range(0, 5000, 50) if cap.due(NOW + at * MS)]
    assert sent == [*range(0, 1601, 200), 2600, 3600, 4600]


def test_the_cap_follows_the_estimate_only_after_overuse() -> None:
    cap = BandwidthCap(2_500_000)
    cap.estimate(40_000, overused=False)
    assert cap.allowed == 2_500_000
    assert cap.due(NOW)
    cap.estimate(700_000, overused=True)
    assert cap.allowed == 700_000
    assert cap.due(NOW + 1)  # a fall is told at once
    cap.estimate(760_000, overused=False)
    assert cap.allowed == 760_000
    assert not cap.due(NOW + 2)
    cap.estimate(10, overused=True)
    assert cap.allowed == CAP_FLOOR
    cap.estimate(3_000_000, overused=False)
    cap.estimate(90_000, overused=False)
    assert cap.allowed == 2_500_000


def test_a_packet_is_repeated_at_most_once_per_round_trip() -> None:
    budget = RepairBudget()
    assert budget.take(1, 5, 1000, 60 * MS, NOW)
    assert not budget.take(1, 5, 1000, 60 * MS, NOW + 59 * MS)
    assert budget.take(2, 5, 1000, 60 * MS, NOW + 59 * MS)
    assert budget.take(1, 5, 1000, 60 * MS, NOW + 60 * MS)


def test_repairs_cost_at_most_a_share_of_what_is_sent() -> None:
    budget = RepairBudget()
    octets = repeated = 0
    for sequence in range(20_000):
        octets += 1000
        budget.credit(octets)
        repeated += budget.take(1, sequence, 1000, 0, NOW + sequence * MS)
    assert repeated <= 0.25 * 20_000 + REPAIR_BURST / 1000


def test_voice_levels_are_averaged_and_sorted() -> None:
    voice = VoiceLevel()
    voice.add(b"\x94")  # level 20 with the voice activity bit
    voice.add(b"\x7f")
    assert 23 < voice.take() < 23.1  # half of the power
    assert voice.take() == 127
    assert loudest([("a", 30), ("b", 10), ("c", 80), ("d", 127)]) == ("b", "a")
