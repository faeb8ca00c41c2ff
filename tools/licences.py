"""Whether every package that we install may be used: python -m tools.licences

Reads requirements*.lock and package-lock.json, and the metadata of what is installed; asks no
network. Exit status 1 with a list when a licence is not on ALLOWED. Known vulnerabilities need a
network: `make audit`.
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

ALLOWED = (
    r"0BSD",
    r"AFL-2\.1",
    r"Apache([- ]?(Software )?(License)?,? ?(Version )?v?2(\.0)?)?",
    r"BSD.*",
    r"BlueOak.*",
    r"CC0.*",
    r"CC-BY-[34]\.0",
    r"CNRI-Python",
    r"HPND",
    r"ISC.*",
    r"LGPL.*",
    r"GNU Lesser .*",
    r"MIT.*",
    r"MPL.*",
    r"Mozilla Public License.*",
    r"OFL-1\.1",
    r"PSF.*",
    r"Python.*",
    r"The Unlicense.*",
    r"Unlicense",
    r"Unicode.*",
    r"WTFPL",
    r"W3C.*",
    r"ZPL.*",
    r"Zlib",
    r"zlib.*",
    r"Artistic-2\.0",
    r"Public Domain",
)
"""Permissive, or weak copyleft that asks nothing of a program that only imports. (GPL and AGPL are
not here: a court must be able to change this and keep its changes.)"""

KNOWN: dict[str, str] = {"hoverintent": "MIT"}
"""Packages whose metadata says nothing, with the licence that their own text says."""


def locked(path: Path) -> Iterator[str]:
    """Names of a pip lock file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)==", line):
            yield match.group(1)


def python_licence(name: str) -> str | None:
    """What the metadata says, most exact first; None where the package is not installed (it is
    for another system or Python)."""
    try:
        found: Any = distribution(name).metadata  # an email.message.Message
    except PackageNotFoundError:
        return None
    if expression := found.get("License-Expression"):
        return str(expression)
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in found.get_all("Classifier") or ()
        if text.startswith("License ::") and text != "License :: OSI Approved"
    ]
    if classifiers:
        return " OR ".join(classifiers)
    written = str(found.get("License") or "").strip()
    return written.splitlines()[0] if written else KNOWN.get(name.lower(), "")


def npm_licences(path: Path) -> Iterator[tuple[str, str]]:
    """Names and licences of a package-lock.json (npm writes them there)."""
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    for place, found in packages.items():
        if place:
            name = place.rpartition("node_modules/")[2]
            yield name, str(found.get("license") or KNOWN.get(name, ""))


def allowed(licence: str) -> bool:
    """Whether an expression is: of OR one part is enough, of AND each must be."""
    text = licence.strip().replace("Library or Lesser", "Lesser")  # the LGPL's two names
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    return any(
        all(_one(part) for part in re.split(r"\s+AND\s+|;", choice))
        for choice in re.split(r"\s+OR\s+|\s+or\s+", text)
    )


def _one(text: str) -> bool:
    plain = text.strip(" ()").partition(" WITH ")[0]
    plain = re.sub(r"^(The )?(OSI Approved|License) *:*:? *", "", plain)
    return any(
        re.fullmatch(f"(The )?{pattern}( [Ll]icen[cs]e)?.{{0,40}}", plain) for pattern in ALLOWED
    )


def problems(root: Path = ROOT) -> list[str]:
    """One line for each package that may not be used, or says nothing."""
    found = []
    names = {name for path in root.glob("requirements*.lock") for name in locked(path)}
    for name in sorted(names):
        licence = python_licence(name)
        if licence is not None and not allowed(licence):
            found.append(f"{name} (PyPI): {licence or 'says nothing of its licence'}")
    for name, licence in sorted(set(npm_licences(root / "package-lock.json"))):
        if not allowed(licence):
            found.append(f"{name} (npm): {licence or 'says nothing of its licence'}")
    return found


def main() -> int:
    """Print what is wrong."""
    found = problems()
    print("\n".join(found) or "Every package has a licence on the list.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
