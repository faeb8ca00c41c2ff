"""asn1crypto's encoder as `audit.der` mends it: the same bytes, each part encoded once."""

import pytest
from asn1crypto import cms, core, tsp

from audit import der

der.mend()


class Inner(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [("number", core.Integer), ("words", core.OctetString, {"optional": True})]  # noqa: RUF012


class Outer(core.Sequence):  # type: ignore[misc]
    _fields = [("inner", Inner, {"explicit": 0})]  # noqa: RUF012


def test_a_length_that_ends_in_0x80_is_no_indefinite_one() -> None:
    """The fault itself is still there: when a release mends it, `mend` can go."""
    data = b"\x30\x81\x80" + b"\x02\x01\x01" + b"\x04\x7b" + bytes(0x7B)
    read = Inner.load(data)
    assert read["number"].native == 1
    encoded: list[bool] = []
    real = Inner._set_contents

    def counted(self: Inner, force: bool = False) -> None:
        encoded.append(force)
        real(self, force)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Inner, "_set_contents", counted)
        assert read.dump() == data
        assert encoded == []
        assert core.Sequence.dump.__wrapped__(read) == data
        assert encoded, "asn1crypto is right by itself now: take `audit.der` out"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"", True),
        (b"\x30\x05", True),
        (b"\x30\x80", False),
        (b"\x30\x81\x80", True),
        (b"\x30\x82\x0d\x80", True),
        (b"\xa0\x82\x0d\x71\x30\x82\x0d\x80", True),
        (b"\xa0\x82\x0d\x71\x30\x80", False),
        (b"\x3f\x81\x01\x80", False),
    ],
)
def test_indefinite_lengths_are_told_from_long_ones(header: bytes, expected: bool) -> None:
    assert der.definite(header) is expected


def test_what_is_encoded_stays_the_same() -> None:
    """Tagged, changed after reading, of indefinite length, and with a part missing."""
    value = Outer({"inner": {"number": 5, "words": b"x" * 200}})
    data = value.dump()
    assert Outer.load(data).dump() == data == core.Sequence.dump.__wrapped__(value, True)
    read = Outer.load(data)
    read["inner"]["number"] = 6
    assert Outer.load(read.dump())["inner"]["number"].native == 6
    loose = b"\x30\x80\x02\x01\x07\x00\x00"
    assert Inner.load(loose).dump() == b"\x30\x03\x02\x01\x07"
    with pytest.raises(ValueError, match="missing"):
        Inner({"words": b"x"}).dump()


def test_a_deep_value_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    named = tsp.ESSCertIDv2({"cert_hash": bytes(32)})
    attribute = cms.CMSAttribute(
        {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [named]})]}
    )
    encoded: list[int] = []
    real = core.Sequence._set_contents

    def counted(self: core.Sequence, force: bool = False) -> None:
        if isinstance(self, tsp.ESSCertIDv2):
            encoded.append(1)
        real(self, force)

    monkeypatch.setattr(core.Sequence, "_set_contents", counted)
    cms.CMSAttributes([attribute]).dump()
    assert len(encoded) <= 2
