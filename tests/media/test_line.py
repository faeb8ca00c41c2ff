from signaling.feedback import SECOND
from signaling.line import LineMeter, LineSample


def report(meter: LineMeter) -> tuple[float, float, int, int]:
    line = meter.report(connected=True, round_trip=40_000_000, jitter=0.002, silent_for=None)
    assert (line.connected, line.round_trip, line.jitter) == (True, 0.04, 0.002)
    return line.loss_up, line.loss_down, line.bitrate_up, line.bitrate_down


def sample(at: int, up: int, down: int, expected: int, received: int, lost: int) -> LineSample:
    return LineSample(at * SECOND, up, expected, received, down, lost, expected)


def test_without_samples_everything_is_zero() -> None:
    assert report(LineMeter()) == (0, 0, 0, 0)


def test_rates_and_shares_over_the_window() -> None:
    meter = LineMeter()
    for second in range(20):
        # 1 Mb/s up, 2 Mb/s down; the first ten seconds lose everything and must not count
        bad = min(second, 10) * 100
        meter.add(
            sample(
                second,
                second * 125_000,
                second * 250_000,
                second * 100,
                second * 95 + 1000 - bad,
                second * 10,
            )
        )
    assert report(meter) == (0.05, 0.1, 1_000_000, 2_000_000)


def test_a_new_connection_begins_again() -> None:
    meter = LineMeter()
    meter.add(sample(1, 500_000, 0, 100, 100, 0))
    meter.add(sample(2, 10, 0, 1, 1, 0))
    assert report(meter) == (0, 0, 0, 0)
