"""The verifier holds a bundle's list of exhibits against the log, and each file against both.

The bundles here are such as a dishonest operator exports: list, file or log was changed first, and
the export of exactly that was logged. Every other step passes.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from database import Database
from recordings import verify
from recordings.bundle import Content

from .evidence import KEY, Recorded, exported, failed, pack, recorder, relist, sealed, unpack
from .evidence import smallest as held

LIST = verify.EXHIBITS
FOLDER = verify.EXHIBIT_FILES
PAPERS = {"e1": b"the contract", "e2": b"a secret report", "e3": b"a wrong one"}

Papers = dict[str, Any]
Change = Callable[[Papers], object]


def hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def entry(id: str, mark: str, **more: Any) -> dict[str, Any]:
    known = {"exhibit": id, "mark": mark, "seat": "s2", "sha256": hashed(PAPERS[id])}
    return known | {"filed_at": "2026-11-21T09:30:00.000Z", "ruling": "offered"} | more


def given(id: str, mark: str, **more: Any) -> dict[str, Any]:
    size = len(PAPERS[id])
    about = {"title": "عقد", "type": "pdf", "bytes": size, "pages": 1}
    return entry(id, mark, path=f"{FOLDER}{mark}.pdf", **about, **more)


def papers() -> Papers:
    """What an honest house writes: one exhibit given, one sealed, one taken back."""
    listed = [
        given("e1", "P-1", ruling="admitted"),
        entry("e2", "D-1", withheld="sealed"),
        entry("e3", "D-2", withheld="taken_back"),
    ]
    return {LIST: {"v": 1, "exhibits": listed}, f"{FOLDER}P-1.pdf": PAPERS["e1"]}


def written(found: Papers) -> dict[str, Content]:
    return {
        name: content if isinstance(content, bytes) else rfc8785.dumps(content)
        for name, content in found.items()
    }


async def logged(recorded: Recorded) -> None:
    for id, content in PAPERS.items():
        data = {"exhibit": id, "seat": "s2", "by": "p2", "sha256": hashed(content)}
        await recorded.leaf("exhibit.filed", **data)
    await recorded.leaf("exhibit.taken_back", exhibit="e3", seat="s2", by="p2")
    for ruling in ("refused", "admitted"):
        about = {"exhibit": "e1", "by": "s1", "sha256": hashed(PAPERS["e1"])}
        await recorded.leaf(f"live.exhibit.{ruling}", **about)
    await held(recorded)


async def test_what_is_true_is_valid_and_told(sqlite_database: Database, tmp_path: Path) -> None:
    recorded = recorder(sqlite_database)
    await logged(recorded)
    report = await exported(recorded, tmp_path / "bundle.zip", files=written(papers()))
    assert report.valid
    assert (report.exhibits, report.exhibits_withheld) == (3, {"sealed": 1, "taken_back": 1})
    assert "EXHIBITS WITHHELD: 1 sealed, 1 taken_back." in verify.summary(report)
    step = next(one for one in report.steps if one.name == "exhibits")
    assert step.detail == "3 exhibits, as the log says; the files of 2 withheld"


def first(found: Papers) -> dict[str, Any]:
    entry: dict[str, Any] = found[LIST]["exhibits"][0]
    return entry


def forged_with_a_list_to_match(found: Papers) -> None:
    found[f"{FOLDER}P-1.pdf"] = b"another contract"
    first(found).update(sha256=hashed(b"another contract"), bytes=len(b"another contract"))


def entry_of_nothing(found: Papers) -> None:
    more = given("e1", "P-2") | {"exhibit": "e9"}
    found[LIST]["exhibits"].append(more)
    found[f"{FOLDER}P-2.pdf"] = PAPERS["e1"]


def withheld_in_silence(found: Papers) -> None:
    del found[f"{FOLDER}P-1.pdf"]


def given_and_withheld(found: Papers) -> None:
    first(found)["withheld"] = "sealed"


def slipped_in(found: Papers) -> None:
    found[f"{FOLDER}X-1.pdf"] = b"never filed"


def brought_back(found: Papers) -> None:
    found[LIST]["exhibits"][2] = given("e3", "D-2")
    found[f"{FOLDER}D-2.pdf"] = PAPERS["e3"]


FORGERIES: list[tuple[Change, str]] = [
    (lambda found: found.clear(), "documents/exhibits.json is missing: 3 exhibits were filed"),
    (lambda found: found.pop(LIST), "documents/exhibits.json is missing"),
    (lambda found: found.update({f"{FOLDER}P-1.pdf": b"the c0ntract"}), "P-1: the file is not"),
    (lambda found: found.update({f"{FOLDER}P-1.pdf": b"longer than it"}), "P-1: the file has anot"),
    (forged_with_a_list_to_match, "P-1: its sha256 is not the one that was filed"),
    (lambda found: first(found).update(seat="s1"), "P-1: its seat is not"),
    (lambda found: first(found).update(ruling="refused"), "P-1: the court's ruling"),
    (lambda found: found[LIST]["exhibits"].pop(1), "1 exhibits that were filed are not listed: e2"),
    (entry_of_nothing, "P-2 is listed twice, or the log knows of no such filing"),
    (lambda found: found[LIST]["exhibits"].append(first(found)), "P-1 is listed twice"),
    (withheld_in_silence, "P-1.pdf is missing, and is not withheld by name"),
    (given_and_withheld, "P-1 is given and withheld"),
    (slipped_in, "X-1.pdf is no exhibit of the list"),
    (brought_back, "D-2: the log says otherwise whether it was taken back"),
    (lambda found: first(found).update(path=LIST), "P-1 has another path"),
    (lambda found: found[LIST].pop("v"), "v is missing"),
    (lambda found: found.update({LIST: b'{"v": 1}'}), "not in canonical form"),
]


@pytest.mark.parametrize(("change", "detail"), FORGERIES)
async def test_an_operator_who_lies_of_exhibits_is_told_apart(
    sqlite_database: Database, tmp_path: Path, change: Change, detail: str
) -> None:
    recorded, out = recorder(sqlite_database), tmp_path / "bundle.zip"
    await logged(recorded)
    found = papers()
    change(found)
    await sealed(recorded, out, files=written(found))
    report = verify.verify(out, KEY.vkey)
    assert failed(report) == ["exhibits"]
    told = next(step.detail for step in report.steps if step.name == "exhibits")
    assert detail in told, told


async def test_a_log_that_files_one_exhibit_twice(
    sqlite_database: Database, tmp_path: Path
) -> None:
    recorded, out = recorder(sqlite_database), tmp_path / "bundle.zip"
    await logged(recorded)
    about = {"exhibit": "e1", "seat": "s2", "sha256": hashed(PAPERS["e1"])}
    await recorded.leaf("exhibit.filed", **about)
    await sealed(recorded, out, files=written(papers()))
    assert failed(verify.verify(out, KEY.vkey)) == ["exhibits"]


async def test_a_file_that_is_changed_afterwards_fails_here_too(
    sqlite_database: Database, tmp_path: Path
) -> None:
    recorded, out = recorder(sqlite_database), tmp_path / "bundle.zip"
    await logged(recorded)
    await exported(recorded, out, files=written(papers()))
    files = unpack(out)
    pack(relist(files | {f"{FOLDER}P-1.pdf": b"the c0ntract"}), out)
    assert failed(verify.verify(out, KEY.vkey)) == ["export_leaf", "exhibits"]
