from datetime import UTC, datetime, timedelta

from signaling import ice
from signaling.line_quality import LineMeter, Sample, grade
from tests.signaling.fakes import line

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_grades() -> None:
    assert grade(Sample()) == "good"
    assert grade(Sample(loss_down=0.03)) == "poor"
    assert grade(Sample(loss_up=0.1)) == "bad"
    assert grade(Sample(round_trip_ms=400)) == "poor"
    assert grade(Sample(freezes=1)) == "poor"


def test_worse_soon_better_late() -> None:
    meter = LineMeter()
    assert meter.update(line(), at(0))
    assert meter.grade == "good"
    assert not meter.update(line(loss=0.2), at(1))
    assert meter.update(line(loss=0.2), at(3))
    assert str(meter.grade) == "bad"
    assert not meter.update(line(), at(4))
    assert not meter.update(line(), at(9))
    assert meter.update(line(), at(10))
    assert str(meter.grade) == "good"


def test_one_bad_second_does_not_show() -> None:
    meter = LineMeter()
    meter.update(line(), at(0))
    meter.update(line(loss=0.2), at(1))
    meter.update(line(), at(2))
    assert not meter.update(line(loss=0.2), at(3))
    assert meter.grade == "good"


def test_the_worse_of_both_measurements_counts() -> None:
    meter = LineMeter()
    meter.page(Sample(loss_down=0.2), at(0))
    meter.update(line(), at(0))
    assert meter.grade == "bad"


def test_a_page_that_is_silent_is_not_believed_for_long() -> None:
    meter = LineMeter()
    meter.page(Sample(loss_down=0.2), at(0))
    assert not meter.update(None, at(7))
    assert meter.grade == ""


def test_freezes_count_from_the_pages_start() -> None:
    meter = LineMeter()
    meter.page(Sample(freezes=5), at(0))
    meter.page(Sample(freezes=5), at(2))
    meter.update(None, at(2))
    assert meter.grade == "good"


def test_turn_credentials() -> None:
    """The value is that of `openssl dgst -sha1 -hmac secret -binary | base64`."""
    [server] = ice.servers(("turn:turn.example:3478",), "secret", "seat1", NOW)
    assert server["username"] == f"{int(at(12 * 3600).timestamp())}:seat1"
    import subprocess

    command = ["openssl", "dgst", "-sha1", "-hmac", "secret", "-binary"]
    digest = subprocess.run(
        command, input=server["username"].encode(), capture_output=True, check=True
    ).stdout
    import base64

    assert server["credential"] == base64.b64encode(digest).decode()
    assert ice.servers((), "secret", "seat1", NOW) == []
