"""Tables that name, by a document's number, the tests that are each of its checks."""

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def pairs(checks: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Each check with each of its tests, for `parametrize`."""
    return [(check, name) for check, names in checks.items() for name in names]


def assert_runs(check: str, name: str) -> None:
    """`name` (`folder/file.py::test`, below `tests/`) is there once, and is not skipped."""
    path, _, wanted = name.partition("::")
    found = [
        item
        for item in ast.parse((TESTS / path).read_text("utf-8")).body
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and item.name == wanted
    ]
    assert len(found) == 1, (check, name)
    marks = " ".join(ast.unparse(mark) for mark in found[0].decorator_list)
    assert "skip" not in marks
    assert "xfail" not in marks
