"""Compile the hot modules of the media plane (`signaling/compiled.py`) with mypyc and a C compiler.

    python -m tools.native

Does nothing when they are built already. Without a C compiler, or when compiling fails, it says so
in one line and ends well: everything runs interpreted, from the same source.
"""

import importlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from signaling import compiled

INTO = "--into"
ADVICE = "The media engine will run interpreted"


def missing() -> str:
    """What a build needs and this machine lacks, as a piece of advice; empty: nothing."""
    program = os.environ.get("CC") or str(sysconfig.get_config_var("CC") or "cc")
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    if shutil.which(program.split()[0]) and headers.exists():
        return ""
    return "no C compiler or no Python headers; on Debian: apt-get install gcc python3-dev"


def build() -> str:
    """Build what is not built yet; why that could not be done, or nothing."""
    folder = compiled.folder()
    if folder.is_dir():
        return ""
    if lacks := missing():
        return lacks
    print("Compiling the media engine (once, about a minute) ...", flush=True)
    compiled.BUILDS.mkdir(parents=True, exist_ok=True)
    log = compiled.BUILDS / "log.txt"
    with tempfile.TemporaryDirectory(dir=compiled.BUILDS) as place, log.open("w") as output:
        done = subprocess.run(
            [sys.executable, "-m", "tools.native", INTO, place],
            cwd=compiled.SOURCES.parent,
            env={**os.environ, compiled.SETTING: "no"},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        made = Path(place) / "out" / compiled.SOURCES.name
        if done.returncode or not made.is_dir():
            return f"it could not be compiled, see {log}"
        _keep(made, folder)
    return ""


def _keep(made: Path, folder: Path) -> None:
    """Give a build its name, and forget those of other sources."""
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was quicker
            raise
    for other in compiled.BUILDS.iterdir():
        if other.is_dir() and other != folder and len(other.name) == len(folder.name):
            shutil.rmtree(other, ignore_errors=True)


def compile_into(place: Path) -> None:
    """Run mypyc and the C compiler. Ends the process when that fails."""
    setuptools = importlib.import_module("setuptools")  # before mypyc, which looks for it
    from mypyc.build import mypycify

    room = compiled.SOURCES.name
    paths = [str(Path(room) / f"{name}.py") for name in compiled.MODULES]
    extensions: list[Any] = mypycify(
        [f"--cache-dir={place / 'cache'}", *paths],
        opt_level=compiled.OPT_LEVEL,
        debug_level="0",
        group_name=f"{room}.{compiled.GROUP}",
        target_dir=str(place / "c"),
    )
    for extension in extensions:  # a newer compiler may warn of more
        extension.extra_compile_args = [
            option for option in extension.extra_compile_args if option != "-Werror"
        ]
    setuptools.setup(
        name=compiled.GROUP,
        packages=[],
        py_modules=[],
        ext_modules=extensions,
        script_args=[
            "build_ext",
            f"--parallel={os.cpu_count() or 1}",
            f"--build-lib={place / 'out'}",
            f"--build-temp={place / 'objects'}",
        ],
    )


def main() -> None:
    """Command line."""
    if sys.argv[1:2] == [INTO]:
        compile_into(Path(sys.argv[2]))
    elif lacks := build():
        print(f"{ADVICE}: {lacks}.")


if __name__ == "__main__":
    main()
