"""The compiled form of the media plane: the same bytes as its source, and never a stale one."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from signaling import compiled
from tools import native

ROOT = compiled.SOURCES.parent


def conformance(setting: str) -> dict[str, object]:
    """What `tests.media.conformance` prints in that form."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.media.conformance"],
        cwd=ROOT,
        env={**os.environ, compiled.SETTING: setting, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


@pytest.mark.timeout(900)
def test_both_forms_make_the_same_of_random_packets() -> None:
    """Set-up has built it already; where nobody ran that, it is built here."""
    assert native.build() == ""
    fast, plain = conformance("yes"), conformance("no")
    assert fast["why"] == ""
    assert plain["why"] == "switched off (MAHDAR_NATIVE=no)"
    assert fast["hashes"] == plain["hashes"]


def imports(name: str) -> set[str]:
    """Modules of ours that a module of this room imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((compiled.SOURCES / f"{name}.py").read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = node.module.split(".")
            if parts == ["signaling"]:
                found |= {alias.name for alias in node.names}
            elif parts[0] == "signaling":
                found.add(parts[1])
            elif (ROOT / parts[0]).is_dir() or (ROOT / f"{parts[0]}.py").exists():
                found.add(node.module)
    return found


def test_the_name_of_a_build_tells_everything_that_it_was_made_of() -> None:
    known = {*compiled.MODULES, *compiled.TYPES}
    assert {name: imports(name) - known for name in known if imports(name) - known} == {}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sources copied, and no build."""
    for name in (*compiled.MODULES, *compiled.TYPES):
        source = compiled.SOURCES / f"{name}.py"
        (tmp_path / source.name).write_bytes(source.read_bytes())
    monkeypatch.setattr(compiled, "SOURCES", tmp_path)
    monkeypatch.setattr(compiled, "BUILDS", tmp_path / "builds")
    monkeypatch.delenv(compiled.SETTING, raising=False)
    return tmp_path


@pytest.mark.parametrize("name", ["rtp", "engine"])
def test_a_build_of_other_sources_is_not_found(elsewhere: Path, name: str) -> None:
    before = compiled.folder()
    before.mkdir(parents=True)
    with (elsewhere / f"{name}.py").open("a") as source:
        source.write("\n")
    path: list[str] = []
    assert compiled._use(path) == "not built for these sources"
    assert path == []


def test_a_build_that_cannot_be_loaded_is_left_alone(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "GROUP", "broken")
    compiled.folder().mkdir(parents=True)
    path: list[str] = []
    assert compiled._use(path).startswith("cannot be loaded")
    assert path == []


def test_without_a_compiler_set_up_goes_on_and_says_so(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setattr(sys, "argv", ["native"])
    native.main()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("The media engine will run interpreted: no C compiler")


def test_what_does_not_compile_runs_interpreted_and_says_so(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "tools").mkdir()
    (elsewhere / "tools" / "native.py").write_text("raise SystemExit(1)")
    monkeypatch.setattr(compiled, "SOURCES", elsewhere / "signaling")
    for source in elsewhere.glob("*.py"):
        compiled.SOURCES.mkdir(exist_ok=True)
        source.rename(compiled.SOURCES / source.name)
    assert "could not be compiled" in native.build()
    assert not compiled.folder().exists()
