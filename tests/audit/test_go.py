"""Go's sumdb code, which we did not write, accepts the log and refuses a changed one."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit import tile
from audit.service import AuditLog
from database import Database

from .conftest import ORIGIN, StepClock
from .test_service import add

OK = [
    f"{name} ok"
    for name in (
        "vkey",
        "old checkpoint",
        "new checkpoint",
        "entry",
        "inclusion",
        "consistency",
        "tiles",
        "proof from tiles",
    )
]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checker, built from Debian's copy of golang.org/x/mod/sumdb; no network."""
    go = shutil.which("go")
    if not go:
        pytest.fail("Go is missing: sh tools/test_programs.sh golang")
    root = subprocess.run([go, "env", "GOROOT"], check=True, capture_output=True, text=True)
    sumdb = Path(root.stdout.strip()) / "src/cmd/vendor/golang.org/x/mod/sumdb"
    folder = tmp_path_factory.mktemp("go")
    for package in ("note", "tlog"):
        (folder / package).mkdir()
        for source in (sumdb / package).glob("*.go"):
            text = source.read_text().replace("golang.org/x/crypto/ed25519", "crypto/ed25519")
            (folder / package / source.name).write_text(text)
    shutil.copy(Path(__file__).parent / "go" / "main.go", folder)
    (folder / "go.mod").write_text("module crosscheck\n\ngo 1.19\n")
    environment = os.environ | {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "CGO_ENABLED": "0"}
    subprocess.run([go, "build", "-o", "check", "."], cwd=folder, env=environment, check=True)
    return folder / "check"


@pytest.fixture
async def evidence(sqlite_database: Database, log_key: Any, tmp_path: Path) -> dict[str, Any]:
    """A log of 300 leaves, then 600: two checkpoints, both proofs for leaf 257, all tiles."""
    log = AuditLog(sqlite_database, log_key, ORIGIN, StepClock())
    await add(log, sqlite_database, 300)
    old = await log.checkpoint()
    await add(log, sqlite_database, 300)
    new = await log.checkpoint()
    for item in tile.tiles(new.size):
        path = tmp_path / "tile" / str(item.level) / tile.format_path(item.position, item.width)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(await log.tile(*item))
    return {
        "Vkey": log.vkey,
        "Old": old.note,
        "New": new.note,
        "Tiles": str(tmp_path),
        "Index": 257,
        "Entry": tile.unbundle(await log.entries(1))[1].hex(),
        "Inclusion": [value.hex() for value in await log.inclusion(257, new.size)],
        "Consistency": [value.hex() for value in await log.consistency(old.size, new.size)],
    }


def run(program: Path, evidence: dict[str, Any]) -> list[str]:
    done = subprocess.run(
        [program], input=json.dumps(evidence), capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_go_accepts_the_log(program: Path, evidence: dict[str, Any]) -> None:
    assert run(program, evidence) == OK


def flipped(text: str) -> str:
    return ("0" if text[0] != "0" else "1") + text[1:]


def changes(evidence: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "inclusion", evidence | {"Entry": flipped(evidence["Entry"])}
    yield "inclusion", evidence | {"Inclusion": [flipped(v) for v in evidence["Inclusion"]]}
    yield "consistency", evidence | {"Consistency": [flipped(v) for v in evidence["Consistency"]]}
    yield "new checkpoint", evidence | {"New": evidence["New"].replace("\n600\n", "\n601\n")}
    yield "old checkpoint", evidence | {"Old": evidence["Old"].replace("\n300\n", "\n299\n")}


def test_go_refuses_a_changed_log(program: Path, evidence: dict[str, Any]) -> None:
    for check, changed in changes(evidence):
        assert any(line.startswith(f"{check} refused") for line in run(program, changed)), check


def test_go_refuses_a_changed_tile(program: Path, evidence: dict[str, Any]) -> None:
    path = Path(evidence["Tiles"]) / "tile/0/001"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert any(line.startswith("proof from tiles refused") for line in run(program, evidence))
