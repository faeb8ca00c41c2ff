"""Static files under `/static/<build>/...`.

`<build>` changes when any static file does and is part of every address; relative imports of
native modules inherit it. So browsers keep files for ever and never mix two versions.
"""

import asyncio
import gzip
import hashlib
from functools import partial
from pathlib import Path
from typing import Final

from quart import Quart, Response, abort, current_app, request, send_from_directory
from werkzeug.security import safe_join

from settings import ROOT

FOLDER: Final = ROOT / "static"
TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
"""Text worth compressing, with types that do not depend on the machine's MIME table."""

FOREVER: Final = "public, max-age=31536000, immutable"


def init_app(app: Quart) -> None:
    """Serve the static folder of the checkout."""
    app.config["MAHDAR_BUILD"] = build_hash()
    app.config["MAHDAR_PACKED"] = {}
    app.add_url_rule("/static/<build>/<path:filename>", "static_file", _static_file)


def url(filename: str) -> str:
    """The address of a static file, e.g. `url('build/app.css')`. It has no language."""
    return f"/static/{current_app.config['MAHDAR_BUILD']}/{filename}"


def build_hash(folder: Path = FOLDER) -> str:
    """Twelve hex digits over the names and contents of all static files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


async def _static_file(build: str, filename: str) -> Response:
    suffix = Path(filename).suffix
    if suffix in TYPES and request.accept_encodings.quality("gzip"):
        response = Response(await _packed(filename), headers={"Content-Encoding": "gzip"})
    else:
        response = await send_from_directory(FOLDER, filename)
    if suffix in TYPES:
        response.headers["Content-Type"] = f"{TYPES[suffix]}; charset=utf-8"
    current = build == current_app.config["MAHDAR_BUILD"]
    response.headers["Cache-Control"] = FOREVER if current else "no-store"
    response.headers["Vary"] = "Accept-Encoding"
    return response


async def _packed(filename: str) -> bytes:
    packed: dict[str, bytes] = current_app.config["MAHDAR_PACKED"]
    if filename not in packed:
        path = safe_join(str(FOLDER), filename)
        if path is None:
            abort(404)
        packed[filename] = await asyncio.to_thread(partial(_pack, Path(path)))
    return packed[filename]


def _pack(path: Path) -> bytes:
    if not path.is_file():
        abort(404)
    return gzip.compress(path.read_bytes(), 6, mtime=0)
