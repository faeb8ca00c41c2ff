"""Waiting after failed sign-ins, as pure arithmetic."""

from datetime import UTC, datetime, timedelta

import pytest

from auth.devices.network import block
from auth.throttle import PAIR_FREE, Failures, check
from errors import Refusal

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("count", range(PAIR_FREE))
def test_people_who_sign_in_at_the_same_moment_do_not_wait(count: int) -> None:
    """A court shares one address: another attempt may be stored after our clock was read."""
    check(Failures(count, NOW + timedelta(milliseconds=300)), PAIR_FREE, NOW)


def test_one_failure_too_many_waits() -> None:
    with pytest.raises(Refusal) as found:
        check(Failures(PAIR_FREE, NOW), PAIR_FREE, NOW)
    assert found.value.code == "sign_in.wait"
    assert found.value.params == {"seconds": 2}


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::4", "2001:db8:1:3::/64"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_a_guesser_has_one_address_however_many_it_takes(address: str, counted: str) -> None:
    assert block(address) == counted
