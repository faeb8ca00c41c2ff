"""Leaves: one way to write each, and no room for what must not be public."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import leaf
from audit.errors import LeafError
from audit.leaf import Leaf

AT = datetime(2026, 11, 21, 9, 30, 0, 123456, UTC)

texts = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=12)
values = st.recursive(
    st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def test_canonical_bytes() -> None:
    made = leaf.encode(Leaf("rec.gap", AT, {"b": [1, True], "a": "x"}, "s1", 0))
    assert made == (
        b'{"at":"2026-11-21T09:30:00.123Z","d":{"a":"x","b":[1,true]},"n":0,"s":"s1",'
        b'"t":"rec.gap","v":1}'
    )


def test_without_subject() -> None:
    made = leaf.encode(Leaf("log.started", AT, {}))
    assert made == b'{"at":"2026-11-21T09:30:00.123Z","d":{},"t":"log.started","v":1}'


@given(data=st.dictionaries(texts, values, max_size=4))
def test_round_trip(data: dict[str, Any]) -> None:
    encoded = leaf.encode(Leaf("a.b", AT, data, "s", 3))
    decoded = leaf.decode(encoded)
    assert decoded.data == data
    assert (decoded.type, decoded.subject, decoded.n) == ("a.b", "s", 3)
    assert leaf.encode(decoded) == encoded


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"x": 1.5}, r"d\.x: a float"),
        ({"x": float("nan")}, r"d\.x: a float"),
        ({"x": {"y": None}}, r"d\.x\.y: null"),
        ({"x": [b"a"]}, r"d\.x\[0\]: bytes"),
        ({"x": 2**53}, r"d\.x: 9007199254740992 does not fit"),
        ({"x": -(2**53)}, "does not fit"),
        ({"x": {1}}, "set is not allowed"),
        ({1: "x"}, "a key is text"),
        ({"x": "Fatima Zahra"}, r"d\.x: only codes"),
        ({"x": "فاطمة"}, "only codes"),
        ({"full name": 1}, "only codes"),
        ({"x": "\ud800"}, "only codes"),
        ({"x": [[[[[[[[1]]]]]]]]}, "nested deeper"),
        ({"x": "y" * 33_000}, "more than 32768"),
    ],
)
def test_data_that_is_refused(data: Any, complaint: str) -> None:
    with pytest.raises(LeafError, match=complaint):
        leaf.encode(Leaf("a.b", AT, data))


@pytest.mark.parametrize(
    "bad",
    [
        Leaf("notdotted", AT, {}),
        Leaf("Rec.gap", AT, {}),
        Leaf("a." + "b" * 63, AT, {}),
        Leaf("a.b", AT.replace(tzinfo=None), {}),
        Leaf("a.b", AT, {}, "with space", 0),
        Leaf("a.b", AT, {}, "s", None),
        Leaf("a.b", AT, {}, "", 0),
        Leaf("a.b", AT, {}, "s", -1),
        Leaf("a.b", AT, {}, "s", True),
        Leaf("a.b", AT, {}, "s" * 65, 0),
    ],
)
def test_heads_that_are_refused(bad: Leaf) -> None:
    with pytest.raises(LeafError):
        leaf.encode(bad)


GOOD = b'{"at":"2026-11-21T09:30:00.123Z","d":{"a":1},"n":0,"s":"x","t":"a.b","v":1}'


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        GOOD + b" ",
        GOOD.replace(b'"a":1', b'"a":1.0'),
        GOOD.replace(b'"a":1', b'"a":1,"a":1'),
        GOOD.replace(b'"v":1', b'"v":true'),
        GOOD.replace(b'"v":1', b'"v":2'),
        GOOD.replace(b'"n":0', b'"n":false'),
        GOOD.replace(b'"n":0,', b""),
        GOOD.replace(b'"s":"x",', b""),
        GOOD.replace(b'"s":"x"', b'"s":7'),
        GOOD.replace(b'"t":"a.b"', b'"t":[]'),
        GOOD.replace(b"09:30", b"29:30"),
        GOOD.replace(b".123Z", b".123+00:00"),
        GOOD.replace(b'"v":1', b'"v":1,"w":1'),
        b"[" * 10_000,
        b"9" * 10_000,
        GOOD.decode().encode("utf-16"),
        GOOD.replace(b'{"a":1}', b"[1]"),
        GOOD + b" " * 33_000,
    ],
)
def test_entries_that_are_refused(entry: bytes) -> None:
    leaf.decode(GOOD)
    with pytest.raises(LeafError):
        leaf.decode(entry)


@given(data=st.binary(max_size=80))
def test_noise_is_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(LeafError):
        leaf.decode(data)


def test_commitment() -> None:
    salt = bytes(range(32))
    expected = "7cf9bd03afb94a93584ea7b69cc21b5de83f16309d56051387875cb9d4b89532"  # sha256sum's
    assert leaf.commit(b"Fatima", salt) == expected
    assert leaf.commit(b"Fatima", salt) != leaf.commit(b"Fatima", salt[::-1])
    with pytest.raises(ValueError, match="16 bytes"):
        leaf.commit(b"Fatima", b"short")
