"""The socket of a page in the live room: hello first, then messages."""

from collections.abc import Awaitable, Callable

from errors import N_, Refusal
from signaling import messages as m
from signaling.connection import Connection
from signaling.page import NO_HELLO, OVER, REMOVED, RESTART, TICKET, refused
from signaling.service import Came, LiveRooms

HELLO_WITHIN = 10.0

_CODES = {"sitting.over": OVER, "seat.removed": REMOVED, "server.restarts": RESTART}


class LiveSocket(Connection):
    """One page in one live room."""

    def __init__(
        self,
        live: LiveRooms,
        read: Callable[[], Awaitable[str | bytes]],
        write: Callable[[str], Awaitable[None]],
        address: str = "",
    ) -> None:
        super().__init__(read, write)
        self._live = live
        self._address = address
        self._came: Came | None = None

    async def begin(self) -> None:
        """Wait for `hello`; anything else is refused."""
        deadline = self._now() + HELLO_WITHIN
        while not self.outbox.closing and self._came is None:
            text = await self.read_within(max(0.0, deadline - self._now()))
            if text is None:
                self.bye("no_hello", NO_HELLO)
                return
            message = self.parse(text)
            if isinstance(message, m.Hello):
                await self._hello(message)
            elif message is not None:
                first = Refusal("protocol.hello_first", N_("The page must say hello first."))
                self.outbox.send(refused(message.id, first))

    async def _hello(self, message: m.Hello) -> None:
        try:
            self._came = await self._live.hello(message, self.outbox, address=self._address)
        except Refusal as refusal:
            code = _CODES.get(refusal.code, TICKET)
            reason = {OVER: "closed", REMOVED: "removed", RESTART: "restart"}.get(code, "ticket")
            self.bye(reason, code, refusal)

    async def handle(self, message: m.Incoming) -> None:
        """Pass it on."""
        if self._came is not None:
            await self._live.receive(self._came, message)

    def end(self) -> None:
        """The seat stays; its socket is gone."""
        if self._came is not None:
            self._live.gone(self._came)
