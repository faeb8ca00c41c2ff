"""The segment's file: what was altered, moved or swapped does not decrypt; a cut one does."""

import hashlib
import io
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from recordings import cipher, keys, reading
from recordings.cipher import Header, SegmentRefused
from recordings.keys import KeyRefused, MemoryKeyStore

SITTING_KEY = keys.new_key()
TRACK_KEY = keys.new_key()


def header(**changes: object) -> Header:
    found = Header(
        sitting="sit1",
        track="seat1-camera",
        seat="seat1",
        source="camera",
        codec="vp8",
        stretch="str1",
        seq=3,
        start_ms=18_000,
        previous="ab" * 32,
        key=b64encode(keys.wrap(TRACK_KEY, SITTING_KEY)).decode(),
        salt=cipher.new_salt(),
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def sealed(head: Header, *records: bytes) -> bytes:
    sealer = cipher.Sealer(head, cipher.derive(TRACK_KEY, cipher.salt_of(head)))
    parts = [sealer.begin()]
    for record in records:
        parts.append(sealer.seal(record))
        sealer.count(record)
    for part in parts:
        sealer.written(part)
    return b"".join(parts)


def opened(data: bytes) -> list[bytes]:
    file = io.BytesIO(data)
    head = cipher.read_header(file)
    key = head.segment_key(SITTING_KEY)
    return [record.plain for record in cipher.read_records(file, head, key)]


def test_what_is_sealed_is_read_back() -> None:
    head = header()
    data = sealed(head, b"head", b"one" * 1000, b"two")
    assert opened(data) == [b"head", b"one" * 1000, b"two"]
    assert b"oneone" not in data
    assert cipher.read_header(io.BytesIO(data)) == head


def test_a_cut_file_is_readable_to_its_last_whole_record() -> None:
    data = sealed(header(), b"head", b"one", b"two")
    whole = len(data)
    counts = {len(opened(data[:size])) for size in range(whole - 40, whole)}
    assert counts == {1, 2}
    assert len(opened(data)) == 3


def test_a_flipped_bit_anywhere_after_the_header_is_refused() -> None:
    data = sealed(header(), b"head", b"one" * 20)
    start = len(data) - len(b"head" + b"one" * 20) - 2 * 20
    for place in range(start, len(data)):
        altered = bytearray(data)
        altered[place] ^= 0x10
        try:
            found = opened(bytes(altered))
        except SegmentRefused:
            continue
        assert len(found) < 2, place  # a length that reaches beyond the end: as if cut


@pytest.mark.parametrize(
    "change",
    [
        {"sitting": "sit2"},
        {"track": "seat2-camera"},
        {"seq": 4},
        {"previous": "cd" * 32},
        {"salt": cipher.new_salt()},
    ],
)
def test_a_record_is_bound_to_its_place(change: dict[str, object]) -> None:
    head = header()
    body = sealed(head, b"head")[len(sealed(head)) :]
    moved = sealed(replace(head, **change)) + body  # type: ignore[arg-type]
    with pytest.raises(SegmentRefused):
        opened(moved)


def test_records_cannot_be_swapped_or_dropped() -> None:
    head = header()
    start, one = len(sealed(head)), len(sealed(head, b"aa")) - len(sealed(head))
    data = sealed(head, b"aa", b"bb", b"cc")
    first, second, third = (data[start + i * one : start + (i + 1) * one] for i in range(3))
    for body in (second + first, first + third, second):
        with pytest.raises(SegmentRefused):
            opened(data[:start] + body)


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"MAHDARS1", b"MAHDARS1\x00\x00\x00\x02{}", b"x" * 99]
)
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(SegmentRefused):
        opened(data)


def test_the_file_must_be_the_one_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "x.seg"
    data = sealed(header(), b"head", b"one")
    path.write_bytes(data)
    good = hashlib.sha256(data).hexdigest()
    assert b"".join(reading.plain(path, SITTING_KEY, good, seq=3)) == b"headone"
    with pytest.raises(SegmentRefused):
        list(reading.plain(path, SITTING_KEY, good, seq=4))
    with pytest.raises(KeyRefused):
        list(reading.plain(path, keys.new_key(), good))
    path.write_bytes(data[:-1])
    with pytest.raises(SegmentRefused):
        list(reading.plain(path, SITTING_KEY, good))


def test_keys_unwrap_only_under_their_own() -> None:
    store, key = MemoryKeyStore(keys.new_key()), keys.new_key()
    wrapped = store.wrap(key)
    assert key not in wrapped
    assert store.unwrap(wrapped) == key
    with pytest.raises(KeyRefused):
        MemoryKeyStore(keys.new_key()).unwrap(wrapped)
    with pytest.raises(KeyRefused):
        store.unwrap(wrapped[:-1])
