"""A marriage in real Chromium, in Arabic, with the demo's seven persons: lobby, private consent, a
drop-out between offer and acceptance and its restart, six signatures, ratification, certificate."""

import json
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tools.demo import marriage

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SIGNERS = 6


async def test_a_marriage_is_contracted_ratified_and_verified(tmp_path: Path) -> None:
    told = StringIO()
    report = await marriage.run(tmp_path, Console(file=told))

    assert report["errors"] == [], told.getvalue()
    assert report["ok"], report
    assert report["register"].startswith("DU/")
    assert report["restarts"] >= 1
    assert {name: found["valid"] for name, found in report["signatures"].items()} == {
        "contract": SIGNERS,
        "certificate": 2,
    }
    assert "R-MR-15" in report["gates"]
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        held = b"".join(archive.read(name) for name in archive.namelist())
        leaves = [json.loads(line) for line in archive.read("log/leaves.jsonl").splitlines()]
    steps = [str(leaf["t"]).removeprefix("live.majlis.") for leaf in leaves]
    assert steps.count("consent.given") == 2
    assert sum(bool(leaf["d"].get("written")) for leaf in leaves) == 1  # the bride's
    assert marriage.ANSWER.encode() not in held  # her words are nowhere
    void = next(at for at, step in enumerate(steps) if step.startswith("void."))
    offers = [at for at, step in enumerate(steps) if step.startswith("offer.")]
    assert offers[0] < void < offers[-1]
    formed = max(at for at, step in enumerate(steps) if step.startswith("acceptance."))
    signed = [at for at, step in enumerate(steps) if step == "signed"]
    assert len(signed) >= SIGNERS
    assert formed < signed[-SIGNERS]
