"""The soak in a minute: 200 joins and leaves, forced wraps, everything back to where it was.

Shortened against `python -m tools.soak --hours 8`: time alone, so that sequence numbers wrap once
(forced) and not every seven minutes, and slow leaks of memory show only in the long form.
"""

import pytest

from tools.soak import GUESTS, soak

SECONDS = 45.0


@pytest.mark.timeout(300)
def test_a_minute_of_coming_and_going_leaves_nothing_behind() -> None:
    result = soak(SECONDS, GUESTS, lambda line: None)
    broken = [row for row in result.rows() if not row[3]]
    assert not broken
