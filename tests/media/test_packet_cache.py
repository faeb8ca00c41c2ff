import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.packet_cache import Incoming, PacketCache


def incoming(sequence: int) -> Incoming:
    return Incoming(sequence & 0xFFFF, 0, False, b"", None, 0)


@given(st.integers(0, 65535), st.integers(1, 200))
def test_holds_the_last_packets_across_the_wrap(first: int, count: int) -> None:
    cache = PacketCache(64)
    for sequence in range(first, first + count):
        cache.put(incoming(sequence))
    for back in range(1, 201):
        found = cache.get((first + count - back) & 0xFFFF)
        assert (found is not None) == (back <= min(count, 64))


def test_capacity_is_a_power_of_two() -> None:
    with pytest.raises(ValueError, match="power of two"):
        PacketCache(100)
