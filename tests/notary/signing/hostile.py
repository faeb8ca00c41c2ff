"""Hostile PDFs, made here: broken, endless, swollen, disguised, deeds changed after the seal."""

import io
import zlib

import pikepdf

HEAD = b"%PDF-1.7\n"
END = b"\nstartxref\n9\n%%EOF"


def corpus(sealed: bytes, rendered: bytes) -> dict[str, bytes]:
    """By name. `sealed`: a right deed, `rendered`: the same before anybody signed."""
    return {**_broken(), **_swollen(), **_disguised(sealed, rendered), **_changed(sealed)}


def _broken() -> dict[str, bytes]:
    loop = (
        HEAD + b"1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[3 0 R]>>>>\nendobj\n"
        b"2 0 obj\n<</Type/Pages/Kids[2 0 R]/Count 1/Parent 2 0 R>>\nendobj\n"
        b"3 0 obj\n<</FT/Sig/T(a)/Kids[3 0 R]/Parent 3 0 R/V 3 0 R>>\nendobj\n"
        b"trailer\n<</Root 1 0 R/Size 4/Prev 0>>\nstartxref\n0\n%%EOF"
    )
    return {
        "one-byte": b"\x00",
        "header-only": HEAD,
        "words": HEAD + b"nothing here",
        "loop": loop,
        "far": HEAD + b"startxref\n999999999999\n%%EOF",
        "negative": HEAD + b"startxref\n-5\n%%EOF",
        "xref-of-itself": HEAD
        + b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Prev 9>>"
        + END,
        "xref-lies": _document({b"/Type": b"/Catalog"}).replace(b"0000000009", b"0000009999"),
    }


def _swollen() -> dict[str, bytes]:
    bomb = zlib.compress(bytes(50_000_000), 9)
    objects = b"".join(b"%d 0 obj\n<<>>\nendobj\n" % n for n in range(1, 100_001))
    stream = b"1 0 obj\n<</Length %d/Filter/FlateDecode/Type/ObjStm/N 9/First 9>>stream\n"
    table_stream = stream.replace(b"ObjStm/N 9/First 9", b"XRef/W[1 2 2]/Size 9")
    table = b"xref\n0 100001\n" + b"0000000009 00000 n \n" * 100_001
    many = HEAD + objects + table
    many_end = b"trailer\n<</Size 100001/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return {
        "stream-1-to-1000": HEAD + stream % len(bomb) + bomb + b"\nendstream\nendobj" + END,
        "table-1-to-1000": HEAD + table_stream % len(bomb) + bomb + b"\nendstream\nendobj" + END,
        "deep": HEAD + b"1 0 obj\n" + b"[" * 50_000 + b"]" * 50_000 + b"\nendobj" + END,
        "deep-dictionaries": HEAD + b"1 0 obj\n" + b"<</a" * 50_000 + b">>" * 50_000 + END,
        "many-objects": many + many_end % (len(many) - len(table)),
        "length-lies": HEAD + stream % 2_000_000_000 + b"x\nendstream\nendobj" + END,
        "length-negative": HEAD + stream % -7 + b"x\nendstream\nendobj" + END,
        "four-megabytes-of-zeros": HEAD + bytes(4_000_000),
        "four-megabytes-of-spaces": HEAD + b" " * 4_000_000 + END,
        "long-name": HEAD + b"1 0 obj\n/" + b"a" * 3_000_000 + b"\nendobj" + END,
    }  # fmt: skip


def _document(root: dict[bytes, bytes]) -> bytes:
    """The smallest document with such a catalogue."""
    inner = b"".join(key + b" " + value for key, value in root.items())
    body = HEAD + b"1 0 obj\n<<" + inner + b">>\nendobj\n"
    table = b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \n"
    return body + table + b"trailer\n<</Size 2/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(body)


def _rewritten(pdf: bytes, **named: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.save(out, **named)  # type: ignore[arg-type]
    return out.getvalue()


def _disguised(sealed: bytes, rendered: bytes) -> dict[str, bytes]:
    page = b"<html><script>alert(1)</script></html>\n"
    return {
        "encrypted": _rewritten(rendered, encryption=pikepdf.Encryption(owner="a", user="b")),
        "encrypted-signed": _rewritten(sealed, encryption=pikepdf.Encryption(owner="a", user="")),
        "programme": _document({b"/OpenAction": b"<</S/JavaScript/JS(app.alert(1))>>"}),
        "polyglot-page": page + sealed,
        "polyglot-archive": b"PK\x03\x04" + bytes(26) + sealed,
        "two-documents": sealed + sealed,
        "unsigned": rendered,
    }


def _changed(sealed: bytes) -> dict[str, bytes]:
    """The seal itself is untouched in each of the first ones (incremental update, shadow)."""
    start = sealed.rindex(b"startxref")
    cut = sealed.rindex(b"xref", 0, start)
    later = b"\n999 0 obj\n<</Type/Catalog/Pages 998 0 R>>\nendobj\n998 0 obj\n"
    later += b"<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    shadow = sealed + later + b"trailer\n<</Size 1000/Root 999 0 R/Prev 9>>\nstartxref\n"
    table = b"xref\n999 1\n%010d 00000 n \n" % (len(sealed) + 1)
    at = len(sealed) + len(later)
    update = sealed + later + table + b"trailer\n<</Size 1000/Root 999 0 R/Prev "
    return {
        "another-catalogue": update + b"%d>>\nstartxref\n%d\n%%%%EOF" % (cut, at),
        "shadow": shadow + b"%d\n%%%%EOF" % at,
        "more-after-the-end": sealed + b"\n%more\n%%EOF",
        "table-cut": sealed[: cut + 40],
        "half": sealed[: len(sealed) // 2],
        "without-its-end": sealed[:-1],
    }
