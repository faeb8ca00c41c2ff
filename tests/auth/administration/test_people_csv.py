"""Files of people: every fault named with its line; a file with one fault does nothing."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth.administration.organisation import Organisation, Sort
from auth.administration.people_csv import MOST_BYTES, MOST_FAULTS, Preview, read, text_of
from errors import BadInput

HEAD = "username,role,name_ar,name_en,language,organisation\n"
COURT = Organisation("o1", "dxb-court", Sort.COURT, "محكمة", "Court")
FIRM = Organisation("o2", "firm", Sort.LAW_FIRM, "مكتب", "Firm")
OLD = Organisation("o3", "old", Sort.COURT, "قديمة", "Old", active=False)
KNOWN = {one.code: one for one in (COURT, FIRM, OLD)}


def look(text: str) -> Preview:
    return read(text, frozenset({"taken"}), KNOWN)


def test_people_are_read() -> None:
    preview = look(
        HEAD
        + 'Salem.1,judge,"سالم، القاضي",Salem,ar,dxb-court\n\n'
        + "mona,lawyer,,Mona,en,firm\nali,party,علي,,,\n"
    )
    assert not preview.faults
    assert [(row.line, row.person.username, row.person.language) for row in preview.rows] == [
        (2, "salem.1", "ar"),
        (4, "mona", "en"),
        (5, "ali", "ar"),
    ]
    assert preview.rows[0].person.name_ar == "سالم، القاضي"
    assert [row.organisation for row in preview.rows] == [COURT, FIRM, None]


@pytest.mark.parametrize("role", ["administrator", "auditor"])
def test_who_needs_two_is_not_imported(role: str) -> None:
    preview = look(HEAD + f"sara,{role},سارة,Sara,ar,\n")
    assert not preview.rows
    assert [fault.refusal.code for fault in preview.faults] == ["import.administrator"]


def test_semicolons_and_fewer_columns() -> None:
    preview = look("role;username;name_en\njudge;sara;Sara\n")
    assert [row.person.username for row in preview.rows] == ["sara"]


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("a b,judge,,X,ar,", "username", "people.username"),
        ("x,king,,X,ar,", "role", "people.role"),
        ("x,guest,,X,ar,", "role", "people.role"),
        ("x,administrator,,X,ar,", "role", "import.administrator"),
        ("x,judge,,,ar,", "name_ar", "people.name"),
        ("x,judge,,X,fr,", "language", "language.unknown"),
        ("taken,judge,,X,ar,", "username", "people.taken"),
        ("first,judge,,X,ar,", "username", "people.taken"),
        ("x,judge,,X,ar,nowhere", "organisation", "organisation.unknown"),
        ("x,judge,,X,ar,firm", "organisation", "organisation.wrong_sort"),
        ("x,lawyer,,X,ar,dxb-court", "organisation", "organisation.wrong_sort"),
        ("x,judge,,X,ar,old", "organisation", "organisation.closed"),
        ("x,judge", "", "import.cells"),
        ("x,judge,,X,ar,,more", "", "import.cells"),
    ],
)
def test_a_fault_has_its_line_and_column(line: str, column: str, code: str) -> None:
    preview = look(HEAD + "first,party,,First,ar,\n" + line + "\n")
    assert [(one.line, one.column, one.refusal.code) for one in preview.faults] == [
        (3, column, code)
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "import.empty"),
        (HEAD, "import.empty"),
        ("name,role\n", "import.columns"),
        ("username,role,username\n", "import.columns"),
        ("username\nx\n", "import.columns"),
        (HEAD + '"never closed', "import.not_csv"),
        (HEAD + "x,judge,,X,ar,\n" * 2001, "import.too_long"),
    ],
)
def test_a_file_that_is_not_one_of_people(text: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        look(text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xff\xfe", "import.not_utf8"),
        ("سالم".encode("cp1256"), "import.not_utf8"),
        (b"a\0b", "import.not_csv"),
        (b"x" * (MOST_BYTES + 1), "import.too_large"),
    ],
)
def test_bytes_that_are_no_text(data: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        text_of(data)
    assert refused.value.code == code


def test_the_mark_of_excel_is_dropped() -> None:
    assert text_of("\ufeffusername".encode()) == "username"


def test_faults_end() -> None:
    assert len(look(HEAD + "!,judge,,X,ar,\n" * 1000).faults) == MOST_FAULTS


@settings(max_examples=300)
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for given_ in (text, HEAD + text):
        with contextlib.suppress(BadInput):
            look(given_)
