"""What we install may be used; a licence that is not on the list is found."""

import json
from pathlib import Path

import pytest

from tools import licences


def test_everything_that_is_locked_may_be_used() -> None:
    assert licences.problems() == []


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("(MIT OR GPL-3.0)", True),
        ("MIT AND GPL-3.0", False),
        ("GPL-3.0-only", False),
        ("AGPL-3.0", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("GNU Lesser General Public License v2 or later (LGPLv2+)", True),
        ("BSD License", True),
        ("SSPL-1.0", False),
        ("", False),
    ],
)
def test_licences(text: str, allowed: bool) -> None:
    assert licences.allowed(text) is allowed


def test_a_package_that_may_not_be_used_is_named(tmp_path: Path) -> None:
    packages = {"": {}, "node_modules/a/node_modules/b": {"license": "AGPL-3.0"}}
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}))
    assert licences.problems(tmp_path) == ["b (npm): AGPL-3.0"]
