"""The log over HTTP: C2SP tlog-tiles, read-only, for monitors and for anybody with a bundle."""

import asyncio
import gzip

from quart import Blueprint, Response, request

from audit import tile, trust_policy
from audit.proof import SUFFIX
from audit.service import AuditLog
from audit.witnessing import Witnessing
from errors import NotFound

PLAIN = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"
MUTABLE = "no-cache"
IMMUTABLE = "public, max-age=31536000, immutable"


def blueprint(
    log: AuditLog, witnessing: Witnessing, *, public: bool = True, address: str = ""
) -> Blueprint:
    """Routes below /audit. With `public` false each of them is a 404. `address`: the site's."""
    routes = Blueprint("audit", __name__, url_prefix="/audit")

    if not public:

        @routes.before_request
        async def closed() -> Response:
            return _missing()

    @routes.errorhandler(NotFound)
    async def not_found(_error: NotFound) -> Response:
        return _missing()

    @routes.get("/checkpoint")
    async def checkpoint() -> Response:
        newest = await witnessing.with_lines(await log.newest())
        return _answer(newest.note, PLAIN, MUTABLE)

    @routes.get("/cosigned")
    async def cosigned() -> Response:
        """The newest checkpoint that witnesses cosigned; it may be a second behind."""
        return _answer((await witnessing.newest()).note, PLAIN, MUTABLE)

    @routes.get("/witnesses")
    async def witnesses() -> Response:
        lines = "".join(f"{vkey}\n" for vkey in sorted(witnessing.verifiers))
        return _answer(lines, PLAIN, MUTABLE)

    @routes.get("/vkey")
    async def vkey() -> Response:
        return _answer(log.vkey + "\n", PLAIN, MUTABLE)

    @routes.get("/policy")
    async def policy() -> Response:
        """The keys of the log and its witnesses (C2SP tlog-policy)."""
        prefix = f"{address}{routes.url_prefix}" if address else ""
        text = trust_policy.encode(log.vkey, prefix, list(witnessing.verifiers))
        return _answer(text, PLAIN, MUTABLE)

    @routes.get("/proof/<name>")
    async def proof(name: str) -> Response:
        """`<index>.tlog-proof`: that the leaf is in the newest cosigned checkpoint."""
        index = tile.parse_index(name.removesuffix(SUFFIX)) if name.endswith(SUFFIX) else None
        if index is None:
            raise NotFound
        newest = await witnessing.newest()
        if newest.size <= index:  # witnesses may be behind
            newest = await witnessing.with_lines(await log.covering(index + 1))
        response = _answer((await log.proof(index, newest)).encode(), PLAIN, MUTABLE)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    @routes.get("/tile/<level>/<path:path>")
    async def hashes(level: str, path: str) -> Response:
        position = tile.parse_path(path)
        height = tile.parse_level(level)
        if position is None or height is None:
            raise NotFound
        return _answer(await log.tile(height, *position), BINARY, IMMUTABLE)

    @routes.get("/tile/entries/<path:path>")
    async def entries(path: str) -> Response:
        position = tile.parse_path(path)
        if position is None:
            raise NotFound
        data = await log.entries(*position)
        if not request.accept_encodings["gzip"]:
            return _answer(data, BINARY, IMMUTABLE)
        packed = await asyncio.to_thread(gzip.compress, data, mtime=0)
        response = _answer(packed, BINARY, IMMUTABLE)
        response.headers["Content-Encoding"] = "gzip"
        return response

    @routes.after_request
    async def headers(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Vary"] = "Accept-Encoding"
        return response

    return routes


def _answer(body: str | bytes, content_type: str, caching: str) -> Response:
    response = Response(body, content_type=content_type)
    response.headers["Cache-Control"] = caching
    return response


def _missing() -> Response:
    response = _answer("not found\n", PLAIN, MUTABLE)
    response.status_code = 404
    return response
