"""Catalogues: extract every message of the tree, merge it into the Arabic catalogue, judge it.

    python -m tools.messages update    extract and merge; new messages arrive untranslated
    python -m tools.messages check     exit 1 and a list, if a message is missing or mismatched

How strings are marked is told in docs/interface.md. English is the source and has no catalogue.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parent.parent
ARABIC: Final = ROOT / "translations" / "ar" / "LC_MESSAGES" / "messages.po"

KEYWORDS: Final = {
    "_": None,
    "N_": None,
    "N_n": (1, 2),
    "gettext": None,
    "ngettext": (1, 2),
    "translate": (2,),
    "ntranslate": (2, 3),
    "live": None,
    "live_attr": (2,),
    "t": None,
    "tn": (1, 2),
}
"""Functions whose arguments are messages, in Python, templates and browser modules alike."""

_PLACE = re.compile(r"%\((\w+)\)[sd]")
_LIVE = re.compile(r"""\b(?:live\(\s*|live_attr\(\s*["'][\w-]+["']\s*,\s*)(["'])((?:(?!\1).)+)\1""")

_NESTED = re.compile(r"""\b(?:N_|t)\(\s*("(?:[^"\\\n]|\\.)+")""")

MessageId = str | tuple[str, str]


def extract(root: Path = ROOT) -> dict[MessageId, set[str]]:
    """Every message of the tree and the files it stands in."""
    with (root / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found: dict[MessageId, set[str]] = {}
    with redirect_stderr(StringIO()):  # Babel's remark on t(""), which is no message
        messages = [
            *extract_from_dir(
                str(root), methods, options, keywords=KEYWORDS, directory_filter=_worth_scanning
            )
        ]
    for filename, _line, message, _comments, _context in messages:
        key = (message[0], message[1]) if isinstance(message, tuple) else message
        if key:
            found.setdefault(key, set()).add(Path(filename).as_posix())
    for path in sorted((root / "static" / "js").rglob("*.js")):
        # Babel's lexer misses a call inside another one: t(LABELS[code] ?? N_("..."))
        for match in _NESTED.finditer(path.read_text(encoding="utf-8")):
            name = path.relative_to(root).as_posix()
            found.setdefault(json.loads(match.group(1)), set()).add(name)
    return found


def front_end_messages(root: Path = ROOT) -> set[MessageId]:
    """The messages a page may need without reloading: those of browser modules, those that the
    server sends as codes with text (Python), and what templates mark `live`."""
    live = {
        match.group(2)
        for path in sorted((root / "templates").rglob("*.html"))
        for match in _LIVE.finditer(path.read_text(encoding="utf-8"))
    }
    return {
        message
        for message, files in extract(root).items()
        if message in live or any(name.endswith((".js", ".py")) for name in files)
    }


def update() -> Catalog:
    """Merge the tree's messages into the Arabic catalogue; what nobody uses is dropped."""
    template = Catalog()
    for message, files in sorted(extract().items(), key=lambda item: str(item[0])):
        template.add(message, locations=[(name, 0) for name in sorted(files)])
    with ARABIC.open("rb") as file:
        catalogue = read_po(file, locale="ar")
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 11, 21, tzinfo=UTC)
    with ARABIC.open("wb") as out:
        write_po(out, catalogue, include_lineno=False, width=100, omit_header=False)
    return catalogue


def problems() -> Iterator[str]:
    """What is wrong with the Arabic catalogue, one line each."""
    with ARABIC.open("rb") as file:
        catalogue = read_po(file, locale="ar")
    for message in sorted(extract(), key=str):
        entry = catalogue.get(message if isinstance(message, str) else message[0])
        if entry is None or not _translated(entry):
            yield f"not translated: {message!r}"
        else:
            yield from _mismatches(entry)


def _translated(entry: Message) -> bool:
    strings = entry.string if isinstance(entry.string, tuple) else (entry.string,)
    return bool(strings) and all(strings)


def _mismatches(entry: Message) -> Iterator[str]:
    if isinstance(entry.string, tuple):
        allowed = set(_PLACE.findall("".join(entry.id)))
        for text in entry.string:  # 'one' and 'two' may spell the number out
            if extra := set(_PLACE.findall(text)) - allowed:
                yield f"unknown places {sorted(extra)} in {text!r}"
        return
    wanted, got = set(_PLACE.findall(str(entry.id))), set(_PLACE.findall(str(entry.string)))
    if wanted != got:
        yield f"places differ, {sorted(wanted)} and {sorted(got)}, in {entry.id!r}"


def _worth_scanning(folder: str) -> bool:
    name = Path(folder).name
    return not name.startswith(".") and name not in {"node_modules", "var", "build", "tests"}


def main() -> int:
    """Run one command; 0 when the catalogue is whole."""
    if sys.argv[1:] == ["update"]:
        update()
    elif sys.argv[1:] != ["check"]:
        print(__doc__, file=sys.stderr)
        return 2
    found = list(problems())
    print("\n".join(found) or "Every message has its Arabic.")
    return 1 if found and sys.argv[1] == "check" else 0


if __name__ == "__main__":
    sys.exit(main())
