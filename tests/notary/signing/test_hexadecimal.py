"""Hexadecimal strings are read at once, and never otherwise than pyHanko reads them."""

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic

from notary.signing import hexadecimal

SIGNATURE = b"<" + b"30820A" * 3000 + b"0" * 4000 + b">"


def outcome(reader: Any, data: bytes) -> tuple[Any, ...]:
    """What is read and where the stream stands; or what was raised."""
    stream = BytesIO(b"xx" + data)
    stream.seek(2)
    try:
        found = reader(stream)
    except Exception as error:
        return (type(error),)
    return type(found), found, stream.tell()


@pytest.mark.parametrize(
    "data",
    [
        SIGNATURE, b"<>", b"<4>", b"<4 1>", b"<41 42\n43>/Next", b"<FEFF0645062D0636>", b"<zz>",
        b"<41", b"<", b"<4142>>", b"<\xd9\xa1\xd9\xa2>", b"<" + b"41" * 40_000 + b">tail",
    ],
)  # fmt: skip
def test_as_pyhanko_reads_it(data: bytes) -> None:
    plain = hexadecimal.read.__wrapped__
    assert plain is not hexadecimal.read
    assert outcome(hexadecimal.read, data) == outcome(plain, data)


@given(
    st.text("0123456789abcdefABCDEF <>\n\tg/", max_size=40).map(lambda text: f"<{text}".encode())
)
def test_any_bytes_are_read_as_pyhanko_reads_them(data: bytes) -> None:
    assert outcome(hexadecimal.read, data) == outcome(hexadecimal.read.__wrapped__, data)


def test_signatures_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert generic.read_hex_string_from_stream is hexadecimal.read
    monkeypatch.setattr(hexadecimal.read, "__wrapped__", None)
    assert len(hexadecimal.read(BytesIO(SIGNATURE))) == len(SIGNATURE) // 2 - 1
