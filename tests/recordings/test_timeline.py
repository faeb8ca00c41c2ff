"""The ledger leaves no hole: segments + gaps = time on record, whatever happens."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from recordings.timeline import EDGE_MS, Gap, Ledger, RecordClock


def test_the_clock_maps_monotonic_time_to_the_epoch() -> None:
    epoch = datetime(2026, 11, 21, 9, tzinfo=UTC)
    clock = RecordClock.anchored(epoch, epoch + timedelta(seconds=90), 5_000_000_000)
    assert clock.ms(5_000_000_000) == 90_000
    assert clock.ms(6_500_000_000) == 91_500
    assert clock.at(91_500) == epoch + timedelta(seconds=91.5)


def test_a_muted_stay_is_one_gap() -> None:
    ledger = Ledger("t")
    assert ledger.begin(0) == []
    ledger.sink_opened(0)
    assert ledger.segment_opened(20, lost=False) == []  # the first packet was not due earlier
    ledger.segment_closed(5000, "muted")
    assert ledger.sink_closed(5010, "muted") == []
    ledger.sink_opened(9000)
    assert ledger.segment_opened(9050, lost=False) == [Gap("t", 5000, 9050, "muted")]
    ledger.segment_closed(12_000, "off_record")
    assert ledger.sink_closed(12_001, "off_record") == []
    assert ledger.end(12_020, "off_record") == []
    assert ledger.begin(20_000) == [Gap("t", 12_020, 20_000, "off_record")]


def test_a_track_that_comes_late_was_absent() -> None:
    ledger = Ledger("t")
    ledger.sink_opened(60_000)
    assert ledger.segment_opened(60_100, lost=False) == [Gap("t", 0, 60_100, "absent")]


def test_silence_that_turns_out_to_be_a_disconnection_has_one_reason() -> None:
    ledger = Ledger("t", 1000)
    ledger.segment_opened(1000, lost=False)
    ledger.segment_closed(4000, "no_media")
    assert ledger.sink_closed(6000, "disconnected") == []
    assert ledger.end(9000, "off_record") == [Gap("t", 4000, 9000, "disconnected")]


def test_lost_packets_are_named() -> None:
    ledger = Ledger("t", 1000)
    ledger.segment_opened(1000, lost=False)
    ledger.segment_closed(4000, "no_media")
    assert ledger.segment_opened(5000, lost=True) == [Gap("t", 4000, 5000, "lost")]


def test_a_fault_explains_the_end() -> None:
    ledger = Ledger("t", 1000)
    ledger.segment_opened(1000, lost=False)
    ledger.segment_closed(4000, "suspended")
    gaps = ledger.end(9000, "suspended", fault="writer_stalled")
    assert gaps == [Gap("t", 4000, 9000, "writer_stalled")]


_STEP = st.sampled_from(["roll", "hole", "mute", "unmute", "wait", "off", "on"])


@given(st.lists(st.tuples(_STEP, st.integers(1, 5000)), max_size=60))
def test_segments_and_gaps_cover_every_stretch_once(steps: list[tuple[str, int]]) -> None:
    ledger = Ledger("t")
    spans: list[tuple[int, int]] = []
    stretches: list[tuple[int, int]] = []
    now, begun, opened, segment = 0, 0, False, -1
    on = True

    def take(gaps: list[Gap]) -> None:
        spans.extend((gap.start_ms, gap.end_ms) for gap in gaps)

    def finish(reason: str) -> None:
        nonlocal segment
        if segment >= 0:
            spans.append((segment, now))
            ledger.segment_closed(now, reason)
            segment = -1

    for step, length in [*steps, ("off", 1)]:
        now += length
        if step == "on" and not on:
            take(ledger.begin(now))
            on, begun = True, now
        elif not on:
            continue
        elif step == "off":
            finish("off_record")
            if opened:
                take(ledger.sink_closed(now, "off_record"))
            take(ledger.end(now, "off_record"))
            stretches.append((begun, now))
            on = opened = False
        elif step == "unmute" and not opened:
            ledger.sink_opened(now)
            opened = True
        elif step == "mute" and opened:
            finish("muted")
            take(ledger.sink_closed(now, "muted"))
            opened = False
        elif step == "roll" and opened:
            finish("")
            take(ledger.segment_opened(now, lost=False))
            segment = now
        elif step == "hole":
            finish("no_media")
    for start, end in stretches:
        covered = sum(max(0, min(b, end) - max(a, start)) for a, b in spans)
        assert end - start - 2 * EDGE_MS <= covered <= end - start
    assert all(one[1] <= two[0] for one, two in zip(sorted(spans), sorted(spans)[1:], strict=False))
