"""Documents: order of mixed text, fonts, amounts, dates, codes; hostile data stays data."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from errors import BadInput
from notary.documents import amounts, codes, dates
from notary.documents.render import Documents
from notary.documents.text import MAX_CHARS, clean
from tests.notary.deeds import AT, deed


@pytest.fixture(scope="module")
def documents() -> Documents:
    return Documents()


def text_of(pdf: bytes, folder: Path) -> str:
    """What a reader copies out of the document, without marks of direction."""
    path = folder / "document.pdf"
    path.write_bytes(pdf)
    found = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)
    return clean(found.stdout.decode())


def program(*arguments: str | Path) -> str:
    return subprocess.run(arguments, capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize("bilingual", [False, True])
def test_numbers_and_latin_words_keep_their_order_in_arabic(
    documents: Documents, tmp_path: Path, bilingual: bool
) -> None:
    made = documents.render_now("deed", deed(bilingual=bilingual), AT)
    text = text_of(made.pdf, tmp_path)
    for whole in ("784-1990-1234567-1", "+971 50 123 4567", "Toyota Land Cruiser 2022"):
        assert whole in text
    assert "فاطمة محمد الزهراء" in text
    assert "1-1234567-1990-784" not in text


def test_all_fonts_are_embedded_and_there_is_no_courier(
    documents: Documents, tmp_path: Path
) -> None:
    path = tmp_path / "deed.pdf"
    path.write_bytes(documents.render_now("deed", deed(bilingual=True), AT).pdf)
    rows = program("pdffonts", path).splitlines()[2:]
    assert rows
    assert all("Amiri" in row and " yes yes yes " in row for row in rows)


def test_a_document_is_tagged_pdf_a_and_names_its_language(
    documents: Documents, tmp_path: Path
) -> None:
    path = tmp_path / "deed.pdf"
    path.write_bytes(documents.render_now("deed", deed(), AT).pdf)
    facts = program("pdfinfo", path)
    assert "Tagged:          yes" in facts
    metadata = program("pdfinfo", "-meta", path)
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "/Lang(ar" in path.read_bytes().decode("latin-1").replace(" ", "")


def test_boxes_to_sign_are_on_the_page_in_their_order(documents: Documents) -> None:
    boxes = documents.render_now("deed", deed(bilingual=True), AT).boxes
    assert [one.name for one in boxes] == ["S1", "S2", "Notary", "Seal"]
    for one in boxes:
        assert 0 < one.x < one.x + one.width < 596
        assert 0 < one.y < one.y + one.height < 842


def test_the_same_data_gives_the_same_bytes(documents: Documents) -> None:
    first, second = (documents.render_now("deed", deed(), AT).pdf for _ in range(2))
    assert first == second


HOSTILE: list[dict[str, Any]] = [
    {"title": {"ar": '#eval("1+1") $x$ *نص* \\ @ref', "en": ""}},
    {"title": {"ar": "وكالة \u202eغلط\u202c \u2066x", "en": "\u200f\u061c"}},
    {"body": [{"ar": "كلمة " * 2000, "en": "word " * 2000}]},
    {"body": [{"ar": "ا" * 10_000, "en": "a" * 10_000}]},
    {"parties": [{"name": {"ar": '#include "/etc/passwd"', "en": "<script>"}, "id": "\u202e123"}]},
]


@pytest.mark.parametrize("change", HOSTILE)
def test_hostile_text_is_printed_as_text(
    documents: Documents, tmp_path: Path, change: dict[str, Any]
) -> None:
    made = documents.render_now("deed", deed(bilingual=True) | change, AT)
    copied = tmp_path / "raw.pdf"
    copied.write_bytes(made.pdf)
    raw = program("pdftotext", copied, "-")
    assert "root:" not in raw
    if "title" in change and "#eval" in change["title"]["ar"]:
        assert '#eval("1+1")' in clean(raw)


def test_characters_that_turn_the_direction_are_taken_out() -> None:
    assert clean("a\u202eb\u2066c\u200fd\u061ce\x00f") == "abcdef"
    assert clean("سطر\nآخر") == "سطر\nآخر"


def test_too_long_a_field_and_letters_without_a_font_are_refused(documents: Documents) -> None:
    with pytest.raises(BadInput) as caught:
        documents.render_now("deed", deed() | {"register": "x" * (MAX_CHARS + 1)}, AT)
    assert (caught.value.code, caught.value.field) == ("document.too_long", "register")
    with pytest.raises(BadInput) as caught:
        documents.render_now("deed", deed() | {"title": {"ar": "合同"}}, AT)
    assert caught.value.code == "document.letters"


def test_a_template_is_named_and_nothing_else(documents: Documents) -> None:
    for name in ("../deed", "/etc/passwd", "Deed", ""):
        with pytest.raises(ValueError, match="template"):
            documents.render_now(name, deed(), AT)


def test_a_missing_font_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Amiri"):
        Documents(fonts=tmp_path)


def test_an_unknown_font_in_a_template_fails(tmp_path: Path) -> None:
    (tmp_path / "odd.typ").write_text('#set document(title: "x")\n#set text(font: "Nonsense")\nx')
    with pytest.raises(RuntimeError, match="unknown font"):
        Documents(tmp_path).render_now("odd", {}, AT)


@pytest.mark.parametrize(
    ("value", "arabic", "english"),
    [
        (0, "صفر درهم", "zero dirhams"),
        (1, "درهم واحد", "one dirham"),
        (2, "درهمان", "two dirhams"),
        (3, "ثلاثة دراهم", "three dirhams"),
        (10, "عشرة دراهم", "ten dirhams"),
        (11, "أحد عشر درهماً", "eleven dirhams"),
        (99, "تسعة وتسعون درهماً", "ninety-nine dirhams"),
        (100, "مائة درهم", "one hundred dirhams"),
        (101, "مائة درهم ودرهم", "one hundred and one dirhams"),
        (102, "مائة درهم ودرهمان", "one hundred and two dirhams"),
        (200, "مائتا درهم", "two hundred dirhams"),
        (1001, "ألف درهم ودرهم", "one thousand and one dirhams"),
        (2000, "ألفا درهم", "two thousand dirhams"),
        (11_000, "أحد عشر ألف درهم", "eleven thousand dirhams"),
        (125_000, "مائة وخمسة وعشرون ألف درهم", "one hundred and twenty-five thousand dirhams"),
        ("0.50", "خمسون فلساً", "fifty fils"),
        ("7.03", "سبعة دراهم وثلاثة فلوس", "seven dirhams and three fils"),
        (
            2_500_750,
            "مليونان وخمسمائة ألف وسبعمائة وخمسون درهماً",
            "two million, five hundred thousand, seven hundred and fifty dirhams",
        ),
    ],
)
def test_amounts_in_words_follow_the_grammar(value: str | int, arabic: str, english: str) -> None:
    found = amounts.dirhams(value)
    assert found.ar == f"{arabic} لا غير"
    assert found.en == f"{english} only"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "1.001", "x", 10**12])
def test_no_amount_is_refused(value: str | int) -> None:
    with pytest.raises(BadInput):
        amounts.dirhams(value)


def test_both_calendars_in_both_languages() -> None:
    found = dates.moments(datetime(2026, 11, 21, 21, 0, tzinfo=UTC), "Asia/Dubai")
    assert found["en"]["gregorian"] == "Sunday, 22 November 2026"
    assert found["ar"]["hijri"].startswith("12 جمادى الآخرة 1448")
    assert found["ar"]["note"]


def test_short_codes_survive_how_people_type_them() -> None:
    code = codes.new_code()
    assert len(code) == 14
    assert codes.parse_code(code.lower().replace("-", " ")) == code
    assert codes.parse_code("O0I1-2222-2222") is None
    assert codes.parse_code("") is None
