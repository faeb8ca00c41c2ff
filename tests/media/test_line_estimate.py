"""The estimate of a line, on simulated lines: down at once, up by trials, sound spared."""

import pytest

from signaling.feedback import MS, SECOND
from signaling.line_estimate import FLOOR, START, LineEstimate
from signaling.twcc import Sent
from tests.media.lines import Line, Sender


def test_a_good_line_is_left_alone_and_needs_no_padding() -> None:
    sender = Sender(Line())
    sender.run(20)
    assert sender.estimate.target >= START
    assert sender.padding == 0


def test_a_demand_above_what_is_known_is_tried_and_found() -> None:
    sender = Sender(Line(rate=30e6, queue=10**6), demand=12_000_000)
    sender.run(12)
    assert sender.estimate.target >= 12_000_000


@pytest.mark.parametrize("queue", [4_000, 20_000, 60_000])
def test_at_150_kbits_sound_arrives_and_video_comes_back(queue: int) -> None:
    sender = Sender(Line(), demand=1_500_000)
    sender.run(10)
    sender.line.rate, sender.line.queue = 150e3, queue
    sender.run(1.5)
    assert sender.estimate.target < 160_000
    sender.run(60)
    assert sender.lost_sound <= 0.01 * sender.sent_sound
    assert 60_000 < sender.estimate.target < 190_000
    sender.line.rate, sender.line.queue = 1e9, 60_000
    waited = 0.0
    while sender.estimate.target < 1_500_000:
        sender.run(0.1)
        waited += 0.1
        assert waited < 12, sender.estimate.target


@pytest.mark.parametrize("rate", [300e3, 700e3, 2e6])
def test_a_steady_bottleneck_is_used_well_without_a_standing_queue(rate: float) -> None:
    sender = Sender(Line(rate=rate, queue=int(rate / 8 * 0.4)), demand=4_000_000)
    sender.run(10)
    used, queues = [], []
    for _ in range(200):
        sender.run(0.1)
        used.append(sender.sound + sender.video)
        queues.append(sender.estimate.queue)
    assert sum(used) / len(used) > 0.6 * rate
    assert sorted(queues)[len(queues) * 8 // 10] < 120 * MS


def test_a_little_loss_without_a_queue_is_no_reason() -> None:
    sender = Sender(Line(loss=0.04), demand=1_200_000)
    sender.run(30)
    assert sender.estimate.target >= 1_200_000


def test_heavy_loss_is_one() -> None:
    sender = Sender(Line(), demand=1_500_000)
    sender.run(3)
    sender.line.loss = 0.4
    sender.run(3)
    assert sender.estimate.target < 500_000


def test_a_longer_way_is_no_queue_for_long() -> None:
    sender = Sender(Line(), demand=1_200_000)
    sender.run(10)
    sender.line.way = 180 * MS
    sender.run(15)
    assert sender.estimate.target >= 1_200_000


def test_a_cut_line_is_sent_less_and_comes_back_fast() -> None:
    sender = Sender(Line(), demand=1_500_000)
    sender.run(5)
    sender.line.queue = 0
    sender.run(10)
    assert sender.estimate.target < 300_000
    sender.line.queue = 60_000
    sender.run(5)
    assert sender.estimate.target >= 1_200_000


def test_feedback_about_nothing_changes_nothing() -> None:
    estimate = LineEstimate(0)
    assert not estimate.feedback(Sent(), SECOND)
    assert not estimate.silence(10 * SECOND, sending=True)
    assert estimate.target == START
    assert estimate.padding(10**9, 0, SECOND) == 0
    assert FLOOR < 64_000
