"""Build what browsers get and nobody commits: `static/build/` from npm packages and the sources.

    python -m tools.build_static

Style sheet, fonts, icon sprite and the browser's share of the catalogues. A part is built only
when its inputs changed; a second run takes a few hundredths of a second. Exit 1 with one line
when something is missing (an unknown icon, packages not installed).
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BUILD: Final = ROOT / "static" / "build"
MODULES: Final = ROOT / "node_modules"
STAMP: Final = BUILD / ".stamp.json"

FONTS: Final = {
    "inter.woff2": "inter/files/inter-latin-wght-normal.woff2",
    "roboto.woff2": "roboto/files/roboto-latin-wght-normal.woff2",
    "alexandria.woff2": "alexandria/files/alexandria-arabic-wght-normal.woff2",
    "noto-kufi.woff2": "noto-kufi-arabic/files/noto-kufi-arabic-arabic-wght-normal.woff2",
}
PRINT_FONTS: Final = {
    "Amiri-Regular.ttf": "amiri/400Regular/Amiri_400Regular.ttf",
    "Amiri-Bold.ttf": "amiri/700Bold/Amiri_700Bold.ttf",
    "NotoKufiArabic-Regular.ttf": "noto-kufi-arabic/400Regular/NotoKufiArabic_400Regular.ttf",
    "NotoKufiArabic-Bold.ttf": "noto-kufi-arabic/700Bold/NotoKufiArabic_700Bold.ttf",
}
"""For documents: Typst reads TrueType and OpenType only."""
_ICON = re.compile(r"""\bicon\(\s*["']([a-z0-9-]+)["']""")
_SIGN = re.compile(r"""\bsign=["']([a-z0-9-]+)["']""")
_ICON_LIST = re.compile(r"icons:((?:\s+[a-z0-9-]+)+)")
_WEIGHT = re.compile(r"-(fill|bold|duotone|light|thin)$")
_SYMBOL = re.compile(r"<svg[^>]*viewBox=\"([^\"]+)\"[^>]*>(.*)</svg>", re.DOTALL)


class BuildError(Exception):
    """A part cannot be built; the text says what to do."""


def build_css() -> None:
    """assets/app.css through tools/css.mjs."""
    node = shutil.which("node", path=_search_path())
    if node is None:
        raise BuildError("node is missing: run `make setup`, which installs it")
    done = subprocess.run(
        [node, str(ROOT / "tools" / "css.mjs"), str(BUILD / "app.css")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(f"the style sheet does not build:\n{done.stderr}")


def build_fonts() -> None:
    """Copy the four variable fonts that assets/fonts.css declares, and those of documents."""
    for folder, package, fonts in (
        (BUILD / "fonts", "@fontsource-variable", FONTS),
        (BUILD / "print-fonts", "@expo-google-fonts", PRINT_FONTS),
    ):
        folder.mkdir(exist_ok=True)
        for name, source in fonts.items():
            shutil.copyfile(MODULES / package / source, folder / name)


def build_icons() -> None:
    """One sprite of the Phosphor icons that templates and browser modules name."""
    (BUILD / "icons.svg").write_text(sprite(icon_names()), encoding="utf-8")


def icon_names() -> set[str]:
    """Names in `icon("...")`, in `sign="..."` of our macros, and in comments `icons: a b`."""
    names: set[str] = set()
    for path in _files("templates/**/*.html", "static/js/**/*.js"):
        text = path.read_text(encoding="utf-8")
        names.update(_ICON.findall(text))
        names.update(_SIGN.findall(text))
        for group in _ICON_LIST.findall(text):
            names.update(group.split())
    return names


def sprite(names: Iterable[str]) -> str:
    """The sprite's SVG text. Raises BuildError for a name that Phosphor does not have."""
    symbols = []
    for name in sorted(names):
        weight = _WEIGHT.search(name)
        folder = weight.group(1) if weight else "regular"
        path = MODULES / "@phosphor-icons" / "core" / "assets" / folder / f"{name}.svg"
        if not path.exists():
            raise BuildError(f"there is no icon {name!r} (see phosphoricons.com for names)")
        found = _SYMBOL.search(path.read_text(encoding="utf-8"))
        if found is None:
            raise BuildError(f"the file of icon {name!r} is not understood")
        box, body = found.groups()
        symbols.append(f'<symbol id="{name}" viewBox="{box}">{body}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>"


def build_messages() -> None:
    """i18n.<language>.json for static/js/i18n.js."""
    import i18n  # here: Babel takes longer to load than an idle run of this tool
    from tools.messages import front_end_messages

    messages = front_end_messages()
    for language in i18n.LANGUAGES:
        text = json.dumps(i18n.front_end(language, messages), ensure_ascii=False, indent=0)
        (BUILD / f"i18n.{language}.json").write_text(text, encoding="utf-8")


SOURCES: Final = ("templates/**/*.html", "static/js/**/*.js")
PYTHON: Final = (
    "*.py",
    *(
        f"{room}/**/*.py"
        for room in ["audit", "auth", "sessions", "signaling", "recordings", "notary", "pages"]
    ),
)
PARTS: Final[dict[str, tuple[Callable[[], None], tuple[str, ...]]]] = {
    "css": (build_css, ("package-lock.json", "assets/*", "tools/css.mjs", *SOURCES)),
    "fonts": (build_fonts, ("package-lock.json",)),
    "icons": (build_icons, ("package-lock.json", *SOURCES)),
    "messages": (build_messages, ("translations/**/*.po", "i18n.py", *SOURCES, *PYTHON)),
}
"""Part: how to build it, and the files whose change makes it old."""


def main() -> int:
    """Build what is old; 0 when everything stands."""
    if not (MODULES / "tailwindcss").is_dir():
        print("npm packages are missing: run `make setup`", file=sys.stderr)
        return 1
    BUILD.mkdir(parents=True, exist_ok=True)
    old = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    myself = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    for part, (build, inputs) in PARTS.items():
        digest = _digest(inputs, myself)
        if old.get(part) == digest:
            continue
        try:
            build()
        except BuildError as error:
            print(f"static files: {error}", file=sys.stderr)
            return 1
        old[part] = digest
        STAMP.write_text(json.dumps(old))
    return 0


def _search_path() -> str:
    """The environment's own bin folder first: set-up puts Node there where the system has none."""
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))


def _files(*patterns: str) -> list[Path]:
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(found)


def _digest(patterns: tuple[str, ...], seed: str) -> str:
    digest = hashlib.sha256(seed.encode())
    for path in _files(*patterns):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
