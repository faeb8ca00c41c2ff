"""A silent worker that hangs is told from one that the machine does not let run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from signaling.worker_watch import SECOND, Share, Silence, share

TICK = 0.5


def silent_for(ticks: int, shares: Iterator[Share], silence: Silence | None = None) -> float:
    silence = silence or Silence(TICK)
    counted = 0.0
    for number in range(ticks + 1):
        counted = silence.look(number * TICK, next(shares))
    return counted


def steps(ran: float, waited: float, *, wants: bool) -> Iterator[Share]:
    """What a process has after each tick; seconds in one tick."""
    number = 0
    while True:
        yield Share(int(number * ran * SECOND), int(number * waited * SECOND), wants)
        number += 1


@pytest.mark.parametrize(
    ("what", "shares", "counted"),
    [
        ("dead-locked, stopped, or nothing is known", steps(0, 0, wants=False), 3.0),
        ("turns in a circle", steps(0.5, 0, wants=True), 3.0),
        ("turns in a circle on half a processor", steps(0.25, 0.25, wants=True), 1.5),
        ("was let run for a moment now and then", steps(0.01, 0.49, wants=True), 0.06),
        ("waits all the time", steps(0, 0, wants=True), 0.0),
        ("waited, and sleeps now", steps(0, 0.4, wants=False), 0.6),
    ],
)
def test_only_the_time_that_it_could_have_spoken_counts(
    what: str, shares: Iterator[Share], counted: float
) -> None:
    assert silent_for(6, shares) == pytest.approx(counted), what


def test_a_sign_of_life_begins_anew() -> None:
    silence = Silence(TICK)
    silent_for(4, steps(0, 0, wants=False), silence)
    silence.heard()
    assert silence.look(2.5, Share()) == 0.0
    assert silence.look(3.0, Share()) == 0.5


def test_our_own_lateness_does_not_count() -> None:
    """A loop that stood still for 10 s has not read what the worker said meanwhile."""
    silence = Silence(TICK)
    silence.look(0.0, Share())
    assert silence.look(10.0, Share()) == TICK


def test_what_the_system_says_of_processes() -> None:
    busy = subprocess.Popen(
        [sys.executable, "-c", "print(1, flush=True)\nwhile True: pass"], stdout=subprocess.PIPE
    )
    try:
        assert busy.stdout is not None
        busy.stdout.read(1)
        before = share(busy.pid)
        deadline = time.monotonic() + 20
        while share(busy.pid).ran == before.ran and time.monotonic() < deadline:
            time.sleep(0.01)
        after = share(busy.pid)
        assert after.ran > before.ran
        assert after.wants
        os.kill(busy.pid, signal.SIGSTOP)
        while share(busy.pid).wants and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not share(busy.pid).wants
    finally:
        busy.kill()
        busy.wait()
        if busy.stdout is not None:
            busy.stdout.close()
    assert share(busy.pid) == Share()
