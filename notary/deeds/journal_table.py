"""The journal as a table to take away, in the language of whoever takes it."""

import csv
import io
from collections.abc import Mapping
from typing import Any

import i18n
from errors import N_
from notary.deeds.conduct import DOCUMENT_NAMES
from notary.deeds.journal import Book, Line
from notary.deeds.party import ROLE_LABELS

COLUMNS = (
    N_("Number"),
    N_("Date"),
    N_("Act"),
    N_("Notary"),
    N_("Notary's id in the log"),
    N_("People and evidence of identity"),
    N_("How identity was proved"),
    N_("Communication"),
    N_("Changes in the session"),
    N_("Fee"),
    N_("Recording"),
    N_("Recording kept until"),
)
_FORMULA = ("=", "+", "-", "@", "\t")


def table(book: Book, language: str, zone: str) -> bytes:
    """RFC 4180, UTF-8 with a mark, without which a spreadsheet shows no Arabic."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([i18n.translate(language, title) for title in COLUMNS])
    form = i18n.Formatter(language, zone)
    writer.writerows([_plain(cell) for cell in _row(line, language, form)] for line in book.lines)
    return out.getvalue().encode("utf-8-sig")


def _row(line: Line, language: str, form: i18n.Formatter) -> list[str]:
    entry, heard = line.entry, line.entry["communication"]
    people = [_person(one, language) for one in entry["people"]]
    proved = {one["identity_proved"]: None for one in entry["people"]}
    return [
        entry["register"],
        form.local(line.at).isoformat(timespec="seconds"),
        entry[f"title_{language}"] or entry["title_ar"],
        line.author.name(language) if line.author else "",
        line.notary,
        "; ".join(people),
        "; ".join(i18n.translate(language, text) for text in proved),
        i18n.translate(language, heard),
        str(entry["changes"]),
        f"{entry['fee_fils'] / 100:.2f}",
        entry["recording"],
        form.local(line.keep_until).date().isoformat(),
    ]


def _person(one: Mapping[str, Any], language: str) -> str:
    name = one[f"name_{language}"] or one["name_ar"] or one["name_en"]
    role = ROLE_LABELS[one["role"]]
    kind = DOCUMENT_NAMES.get(one["evidence_of_identity"], "")
    titles = [i18n.translate(language, text) for text in (role, kind) if text]
    return ", ".join([name, *titles, f"…{one['identity_number_last4']}"])


def _plain(text: str) -> str:
    """A name that a spreadsheet would calculate stays a name."""
    return f"'{text}" if text.startswith(_FORMULA) else text
