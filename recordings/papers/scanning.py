"""A malware scanner at hand: clamd's INSTREAM over TCP (clamd(8)), named by a setting."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from errors import N_, BadInput, Refusal

CHUNK = 64 * 1024


class Scanner(Protocol):
    """Looks for malware. A setting names the one in force."""

    async def clean(self, data: bytes) -> bool:
        """False for a file that must not be kept. Raises OSError when it cannot be asked."""


async def scan(scanner: Scanner | None, data: bytes, field: str) -> None:
    """Have a file looked at, where a scanner is in force. Raises BadInput `upload.malware`,
    Refusal `upload.not_scanned`."""
    if scanner is None:
        return
    try:
        fine = await scanner.clean(data)
    except OSError:
        raise Refusal(
            "upload.not_scanned",
            N_("Files cannot be checked at this moment. Try again in some minutes."),
            status=503,
        ) from None
    if not fine:
        raise BadInput(
            "upload.malware",
            N_("This file was found to be harmful. Clean your device and scan it anew."),
            field=field,
        )


@dataclass(frozen=True, slots=True)
class Clamd:
    """A clamd that listens on host and port."""

    host: str
    port: int
    timeout: float = 30.0

    async def clean(self, data: bytes) -> bool:
        """False when a signature matched. Raises OSError when clamd cannot be asked or fails."""
        try:
            async with asyncio.timeout(self.timeout):
                return await self._ask(data)
        except TimeoutError:
            raise OSError("clamd does not answer") from None

    async def _ask(self, data: bytes) -> bool:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write(b"zINSTREAM\0")
            for start in range(0, len(data), CHUNK):
                part = data[start : start + CHUNK]
                writer.write(len(part).to_bytes(4, "big") + part)
                await writer.drain()
            writer.write(b"\0\0\0\0")
            await writer.drain()
            answer = (await reader.readuntil(b"\0")).rstrip(b"\0").decode("ascii", "replace")
        except asyncio.IncompleteReadError as error:
            raise OSError("clamd ended the line") from error
        finally:
            writer.close()
        if answer.endswith("FOUND"):
            return False
        if answer.endswith("OK"):
            return True
        raise OSError(f"clamd said {answer[:80]}")
