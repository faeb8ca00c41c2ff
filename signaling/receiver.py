"""What takes the datagrams of a socket."""

import asyncio

from signaling.inbox import Inbox


class Receiver(asyncio.DatagramProtocol):
    """Takes what a socket receives."""

    def take(self, inbox: Inbox, at: int) -> None:
        """Number `at` of what was read."""
        self.datagram_received(inbox.copy(at), inbox.address(at))

    def drained(self) -> None:
        """All that had come was given."""
