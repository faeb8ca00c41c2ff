"""A malware scanner at hand: clamd's INSTREAM over TCP (clamd(8)), named by a setting."""

import asyncio
from dataclasses import dataclass

CHUNK = 64 * 1024


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
