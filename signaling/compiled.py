"""Which modules of the media plane run compiled, and whether they do.

`tools/native.py` compiles them at set-up with mypyc, from the same typed source that runs without
it, into a folder that is not committed. That is named after a hash of everything that it was made
of, so one of other sources, of another Python or of another compiler is never found.
"""

import hashlib
import importlib
import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
BUILDS = SOURCES.parent / "build" / "native"
SETTING = "MAHDAR_NATIVE"
"""`no` switches it off (`Settings.native`). Read here too: modules are imported before settings
are read, and a media worker gets none of them but this one."""
MODULES = (
    "allocation",
    "choosing",
    "feedback",
    "forwarder",
    "inbox",
    "intake",
    "line",
    "line_estimate",
    "media_seat",
    "numbering",
    "packet_cache",
    "publisher",
    "rtcp",
    "rtp",
    "speech",
    "srtp",
    "stream",
    "subscriber",
    "switching",
    "taps",
    "twcc",
    "udp",
    "upstream",
    "vp8",
)
"""What every packet passes, and what is done for every connection every 50 ms."""
TYPES = ("engine", "receiver")
"""What they import and what stays interpreted: compiled code relies on its types."""
GROUP = "native"
OPT_LEVEL = "2"
"""As in gcc -O2; never for one kind of processor only."""

why = ""
"""Why this process runs them interpreted; empty: it runs them compiled."""


def folder() -> Path:
    """Where the compiled form of today's sources lies, if it was built."""
    try:
        compiler = version("mypy")
    except PackageNotFoundError:
        compiler = ""
    made_of = repr((sys.version, EXTENSION_SUFFIXES[0], compiler, MODULES, OPT_LEVEL))
    found = hashlib.sha256(made_of.encode())
    for name in (*MODULES, *TYPES):
        found.update(hashlib.sha256((SOURCES / f"{name}.py").read_bytes()).digest())
    return BUILDS / found.hexdigest()[:32]


def use(path: list[str]) -> None:
    """Put the compiled form on the path of this package, in front of the source."""
    global why
    why = _use(path)


def _use(path: list[str]) -> str:
    if os.environ.get(SETTING) == "no":
        return f"switched off ({SETTING}=no)"
    built = folder()
    if not built.is_dir():
        return "not built for these sources"
    path.insert(0, str(built))
    try:
        importlib.import_module(f"{__package__}.{GROUP}__mypyc")
    except ImportError as error:  # of another machine
        path.remove(str(built))
        return f"cannot be loaded ({error})"
    return ""
