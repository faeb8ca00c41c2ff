"""People from a CSV file (RFC 4180): read whole, every fault told with its line."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from auth.administration.organisation import Organisation, check_home
from auth.administration.proposal import FOUR_EYES
from auth.person import Person
from auth.service import checked_person
from errors import N_, BadInput, Refusal

COLUMNS = ("username", "role", "name_ar", "name_en", "language", "organisation")
REQUIRED = ("username", "role")
MOST_BYTES = 1_000_000
MOST_LINES = 2_000
MOST_FAULTS = 100
"""After so many the rest of the file is not told: it is the wrong file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one line. `line` counts from 1, the head being line 1."""

    line: int
    column: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Row:
    """One account to be opened."""

    line: int
    person: Person
    organisation: Organisation | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would do. With a single fault it does nothing."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]


def text_of(data: bytes) -> str:
    """The file's text: UTF-8, with or without a mark. Raises BadInput."""
    if len(data) > MOST_BYTES:
        raise BadInput(
            "import.too_large", N_("The file is too large. Split it: at most 1 MB."), field="file"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(
            "import.not_utf8",
            N_("The file is not in UTF-8. In Excel choose 'CSV UTF-8' when you save it."),
            field="file",
        ) from None
    if "\0" in text:
        raise BadInput("import.not_csv", N_("This is not a CSV file."), field="file")
    return text


def read(text: str, taken: frozenset[str], organisations: Mapping[str, Organisation]) -> Preview:
    """Read the file. `taken`: user names in use; `organisations` by code.

    Raises BadInput for a file that cannot be read as a whole.
    """
    lines = list(_lines(text))
    if not lines:
        raise BadInput("import.empty", N_("The file holds no people."), field="file")
    head = [name.strip().lower() for name in lines[0][1]]
    _check_head(head)
    if len(lines) > MOST_LINES + 1:
        raise BadInput(
            "import.too_long", N_("The file is too long. Split it: at most 2,000."), field="file"
        )
    rows: list[Row] = []
    faults: list[Fault] = []
    seen = set(taken)
    for number, cells in lines[1:]:
        try:
            row = _row(number, head, cells, seen, organisations)
        except BadInput as refusal:
            faults.append(Fault(number, refusal.field, refusal))
            if len(faults) == MOST_FAULTS:
                break
        else:
            seen.add(row.person.username)
            rows.append(row)
    if not rows and not faults:
        raise BadInput("import.empty", N_("The file holds no people."), field="file")
    return Preview(tuple(rows), tuple(faults))


def _lines(text: str) -> list[tuple[int, list[str]]]:
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((reader.line_num, cells))
    except csv.Error:
        raise BadInput("import.not_csv", N_("This is not a CSV file."), field="file") from None
    return found


def _check_head(head: list[str]) -> None:
    if len(set(head)) < len(head) or set(head) - set(COLUMNS) or set(REQUIRED) - set(head):
        raise BadInput(
            "import.columns",
            N_("The first line must name the columns: %(columns)s."),
            field="file",
            columns=", ".join(COLUMNS),
        )


def _row(
    number: int,
    head: list[str],
    cells: list[str],
    seen: set[str],
    organisations: Mapping[str, Organisation],
) -> Row:
    if len(cells) != len(head):
        raise BadInput("import.cells", N_("This line has more or fewer cells than the first."))
    cell = dict(zip(head, (text.strip() for text in cells), strict=True))
    person = checked_person(
        cell["username"],
        cell["role"],
        cell.get("name_ar", ""),
        cell.get("name_en", ""),
        cell.get("language", "") or "ar",
    )
    if person.role in FOUR_EYES:
        raise BadInput(
            "import.administrator",
            N_("Administrators and auditors are not imported. Open their accounts one by one."),
            field="role",
        )
    if person.username in seen:
        raise BadInput(
            "people.taken", N_("This user name is taken. Choose another one."), field="username"
        )
    code = cell.get("organisation", "")
    home = organisations.get(code)
    if code and home is None:
        raise BadInput(
            "organisation.unknown", N_("There is no such organisation."), field="organisation"
        )
    check_home(person.role, home)
    return Row(number, person, home)
