"""A file on its way in: written to a folder of its own, hashed, counted, and removed afterwards.

One at a time for an address, two at a time for the house, never more than the setting says, and
never so much that the record lacks room on the disk.
"""

import asyncio
import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from errors import N_, BadInput, Refusal
from recordings.checking.kind import HEAD_BYTES, TAIL_BYTES

AT_ONCE = 2
PIECE_S = 30.0
"""So long may a sender be silent."""
WHOLE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was received whole."""

    path: Path
    size: int
    sha256: str
    head: bytes
    tail: bytes


@dataclass(slots=True)
class Reception:
    """Where uploads are received. `reserve_bytes` stay free on the disk."""

    folder: Path
    most_bytes: int
    reserve_bytes: int
    _busy: set[str] = field(default_factory=set)

    def prepare(self) -> None:
        """Make the folder, and remove what a killed process left in it. Blocks."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in self.folder.glob("upload-*"):
            left.unlink(missing_ok=True)

    @asynccontextmanager
    async def place(self, address: str) -> AsyncIterator[None]:
        """A place for one check of `address`. Raises Refusal `verify.wait`, `verify.busy`."""
        if address in self._busy:
            raise Refusal(
                "verify.wait",
                N_("A file from your address is being checked. Try again when it is done."),
                status=429,
            )
        if len(self._busy) >= AT_ONCE:
            raise Refusal(
                "verify.busy",
                N_("Other files are being checked. Try again in a minute."),
                status=503,
            )
        self._busy.add(address)
        try:
            yield
        finally:
            self._busy.discard(address)

    @asynccontextmanager
    async def receive(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[Upload]:
        """The file of `pieces`, until the block ends. Raises BadInput, Refusal."""
        path = self.folder / f"upload-{secrets.token_hex(8)}"
        try:
            file = await _created(path)
            try:
                async with asyncio.timeout(WHOLE_S):
                    upload = await self._write(file, path, pieces)
            except TimeoutError:
                raise BadInput(
                    "verify.slow", N_("The file came too slowly. Nothing was checked.")
                ) from None
            finally:
                await asyncio.shield(asyncio.to_thread(file.close))
            yield upload
        finally:
            await asyncio.shield(asyncio.to_thread(path.unlink, missing_ok=True))

    async def _write(self, file: BinaryIO, path: Path, pieces: AsyncIterator[bytes]) -> Upload:
        digest, size, head, tail = hashlib.sha256(), 0, b"", b""
        while True:
            async with asyncio.timeout(PIECE_S):
                piece = await anext(pieces, None)
            if piece is None:
                break
            size += len(piece)
            self._check_room(size)
            head = (head + piece)[:HEAD_BYTES] if len(head) < HEAD_BYTES else head
            tail = (tail + piece)[-TAIL_BYTES:]
            await asyncio.to_thread(_add, file, digest, piece)
        if not size:
            raise BadInput("verify.empty", N_("The file is empty. Choose another one."))
        await asyncio.to_thread(file.flush)
        return Upload(path, size, digest.hexdigest(), head, tail)

    def _check_room(self, size: int) -> None:
        if size > self.most_bytes:
            raise Refusal(
                "verify.too_large",
                N_("The file is larger than %(most)s MB. Check it on your own machine instead."),
                status=413,
                most=self.most_bytes // 1_000_000,
            )
        with contextlib.suppress(OSError):
            if shutil.disk_usage(self.folder).free < self.reserve_bytes:
                raise Refusal(
                    "verify.no_room",
                    N_("There is no room for files now. Check it on your own machine instead."),
                    status=503,
                )


async def _created(path: Path) -> BinaryIO:
    """A new file. Who gives up meanwhile leaves it closed: the thread cannot be stopped."""
    opening = asyncio.ensure_future(asyncio.to_thread(_create, path))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        (await opening).close()
        raise


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "wb")


def _add(file: BinaryIO, digest: "hashlib._Hash", piece: bytes) -> None:
    digest.update(piece)
    file.write(piece)
