import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import vp8
from tests.media.builders import picture


@pytest.mark.parametrize(
    ("payload", "starts", "key", "number", "tl0"),
    [
        (b"\x10\x00x", True, True, 0, 0),
        (b"\x10\x01x", True, False, 0, 0),
        (b"\x00\x00x", False, False, 0, 0),
        (b"\x11\x00x", False, False, 0, 0),  # partition 1
        (b"\x90\x80\x05\x00x", True, True, 5, 0),
        (b"\x90\x80\x81\x05\x00x", True, True, 0x105, 0),
        (b"\x90\xc0\x81\x05\x07\x00x", True, True, 0x105, 7),
        (b"\x90\xf0\x81\x05\x07\x20\x01x", True, False, 0x105, 7),
        (b"\x90\x20\x40\x00x", True, True, 0, 0),
    ],
)
def test_descriptor(payload: bytes, starts: bool, key: bool, number: int, tl0: int) -> None:
    read = vp8.parse(payload)
    assert read is not None
    assert (read.starts_frame, read.keyframe, read.picture_id, read.tl0) == (
        starts,
        key,
        number,
        tl0,
    )


@pytest.mark.parametrize("cut", [b"", b"\x10", b"\x90\x80", b"\x90\x80\x81", b"\x90\xc0\x81\x05"])
def test_cut_descriptor_is_none(cut: bytes) -> None:
    assert vp8.parse(cut) is None


@given(st.binary(max_size=12))
def test_any_bytes_are_read_or_none(payload: bytes) -> None:
    read = vp8.parse(payload)
    if read is not None:
        assert len(vp8.rewrite(payload, read, 3, 5)) == len(payload)


@given(st.integers(0, 0x7FFF), st.integers(0, 255), st.integers(-70000, 70000))
def test_rewrite_moves_numbers_and_nothing_else(number: int, tl0: int, shift: int) -> None:
    payload = picture(number, tl0=tl0, key=True)
    read = vp8.parse(payload)
    assert read is not None
    moved = vp8.rewrite(payload, read, shift, shift)
    again = vp8.parse(moved)
    assert again is not None
    assert again.picture_id == (number + shift) & 0x7FFF
    assert again.tl0 == (tl0 + shift) & 0xFF
    assert (again.keyframe, moved[5:]) == (True, payload[5:])


def test_rewrite_keeps_a_seven_bit_number_in_seven_bits() -> None:
    payload = b"\x90\x80\x7f\x00x"
    read = vp8.parse(payload)
    assert read is not None
    assert vp8.rewrite(payload, read, 2, 0) == b"\x90\x80\x01\x00x"
