"""The notary's whole path in real Chromium: request on two devices, audit and return, fee, slot,
queue, a substitute who takes the session over, the session to the seal with a change that is read
again, a stranger on the public page."""

import json
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tools.demo import notary

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

STEPS = ["identity", "capacity", "reading", "consent", "signing", "closing"]


async def test_a_deed_from_its_request_to_a_stranger_who_checks_it(tmp_path: Path) -> None:
    told = StringIO()
    report = await notary.run(tmp_path, Console(file=told))

    assert report["errors"] == [], told.getvalue()
    assert report["ok"], report
    assert report["register"].startswith("NOT/")
    assert report["signatures"] == 5
    assert report["public"]["verdicts"] == ["valid"] * 5
    assert json.loads((tmp_path / "report.json").read_text("utf-8")) == report
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        leaves = [json.loads(line) for line in archive.read("log/leaves.jsonl").splitlines()]
    _the_record_tells_it(leaves)


def _the_record_tells_it(leaves: list[dict[str, object]]) -> None:
    """Substitute, questions, reading, the change, the reading again, signatures: on the record's
    clock."""
    told = [str(leaf["t"]).removeprefix("live.") for leaf in leaves]
    steps = ("act.opened", "act.suspend", "act.resumed", "act.identity")
    taken_over = [told.index(one) for one in steps]
    assert taken_over == sorted(taken_over), "the substitute begins it anew, with the identity"
    assert told.count("act.identity") == 3
    assert told.count("act.question") == 7, "three of each principal, one of the interpreter"
    assert told.count("act.capacity") == 2
    assert told.count("act.read") == 1, "the first reading was not finished before the change"
    assert told.index("act.changed") < told.index("act.read")
    assert told.count("act.consent") == 3
    assert told.count("act.signed") == 3
    done = [
        leaf["d"]["step"]  # type: ignore[index]
        for leaf in leaves
        if leaf["t"] == "live.agenda" and leaf["d"]["state"] == "done"  # type: ignore[index]
    ]
    assert done == STEPS
