"""How long to wait after failed sign-ins.

Counted for an address and an account together: whoever guesses a judge's password from one
address makes only that address wait, and the judge at another is not locked out. An address that
fails for many accounts waits as a whole, much later, since a court shares one address.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from errors import N_, Refusal

PAIR_FREE, ADDRESS_FREE = 5, 60
"""Failures that cost nothing."""
LONGEST = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Failures:
    """How often sign-in failed in a row for a key, and when last."""

    count: int = 0
    last_at: datetime | None = None


def wait(failures: Failures, free: int) -> timedelta:
    """The time after the last failure in which nobody with this key may try."""
    over = failures.count - free
    if over < 0:
        return timedelta(0)
    return min(timedelta(seconds=2.0 ** min(over, 20)), LONGEST)


def check(failures: Failures, free: int, now: datetime) -> None:
    """Raise Refusal `sign_in.wait`, status 429, with the seconds to wait."""
    if failures.last_at is None or forgotten(failures, now):
        return
    pause = wait(failures, free)
    left = failures.last_at + pause - now
    # Without a pause nobody waits, also when another attempt was stored since `now` was read.
    if pause and left > timedelta(0):
        raise Refusal(
            "sign_in.wait",
            N_("Too many failed attempts from here. Try again in %(seconds)s seconds."),
            status=429,
            seconds=int(left.total_seconds()) + 1,
        )


def failed(failures: Failures, now: datetime) -> Failures:
    """One more failure."""
    count = 0 if forgotten(failures, now) else failures.count
    return Failures(count + 1, now)


def forgiven(failures: Failures, now: datetime) -> Failures:
    """The newest failure was none."""
    return Failures(max(failures.count - 1, 0), failures.last_at or now)


def forgotten(failures: Failures, now: datetime) -> bool:
    """Whether the last failure is so long ago that counting starts again."""
    return failures.last_at is not None and now - failures.last_at > FORGET_AFTER
