"""The direction of imports: a table of allowed edges (design section 2)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOUNDATION = {"clock", "errors", "settings", "database", "i18n", "logs", "machine", "pages"}
ROOMS = ["audit", "auth", "sessions", "signaling", "recordings", "notary"]
TOP = {"app", "cli", "migrate"}
OURS = FOUNDATION | set(ROOMS) | TOP | {"rules", "migrations", "tools", "tests", "benchmarks"}

FOUNDATION_EDGES = {
    "clock": set(),
    "errors": set(),
    "settings": set(),
    "logs": set(),
    "machine": {"errors"},
    "database": set(),
    "i18n": {"errors", "settings"},
    "pages": {"errors", "settings", "i18n"},
}
AIORTC_ONLY = "signaling/aiortc_engine.py"
SRTP_ONLY = "signaling/srtp.py"


def imported(path: Path) -> set[str]:
    """Top-level names that a module imports, at any depth of the code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add((node.module or "").split(".")[0])
    return names


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("name", sorted(FOUNDATION))
def test_foundation_imports_only_foundation(name: str) -> None:
    for path in modules(name) or [ROOT / f"{name}.py"]:
        assert imported(path) & OURS - {name} <= FOUNDATION_EDGES[name], path.relative_to(ROOT)


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_only_to_their_left(room: str) -> None:
    allowed = set(ROOMS[: ROOMS.index(room) + 1]) | FOUNDATION
    for path in modules(room):
        wrong = (imported(path) & OURS) - allowed
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


def test_only_web_modules_use_pages() -> None:
    for room in ROOMS:
        for path in modules(room):
            if "pages" in imported(path):
                assert path.stem.startswith("web"), path.relative_to(ROOT)


def test_sqlalchemy_and_quart_stay_in_their_modules() -> None:
    for room in ROOMS:
        for path in modules(room):
            names = imported(path)
            where = path.relative_to(ROOT)
            if "sqlalchemy" in names:
                assert path.stem == "store" or only_handles_units(path), where
            if "quart" in names:
                assert path.stem.startswith("web"), where


def only_handles_units(path: Path) -> bool:
    """A module may pass a unit of work on, and know its errors; tables and queries are store's."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import) and any(
            a.name.startswith("sqlalchemy") for a in node.names
        ):
            return False
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            if node.module in ("sqlalchemy", "sqlalchemy.exc"):
                names = {alias.name for alias in node.names}
                if not names <= {"event"} and node.module != "sqlalchemy.exc":
                    return False
            elif {alias.name for alias in node.names} != {"AsyncSession"}:
                return False
    return True


def test_only_the_engine_knows_aiortc() -> None:
    for room in ROOMS:
        for path in modules(room):
            name = path.relative_to(ROOT).as_posix()
            if {"aiortc", "aioice"} & imported(path):
                assert name == AIORTC_ONLY
            if "pylibsrtp" in imported(path):
                assert name == SRTP_ONLY


def test_only_the_strict_wrapper_knows_jose() -> None:
    """python-jose lets forged tokens pass when it is used plainly (esign.md F)."""
    everything = [
        *ROOT.glob("*.py"),
        *(path for room in (*ROOMS, "tools") for path in modules(room)),
    ]
    for path in everything:
        if {"jose", "jwt", "authlib", "ecdsa"} & imported(path):
            assert path.relative_to(ROOT).as_posix() == "auth/jwt.py"


def test_nobody_imports_the_composition_root() -> None:
    for path in ROOT.glob("*.py"):
        if path.stem not in TOP:
            assert "app" not in imported(path)
    for room in ROOMS:
        for path in modules(room):
            assert not imported(path) & TOP
