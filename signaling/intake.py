"""The short way in of a secured connection: from its socket to the packets in clear."""

import logging
from collections.abc import Callable
from typing import Any, Final

from signaling.inbox import LARGEST, Inbox
from signaling.rtp import is_rtcp
from signaling.srtp import Opener

logger: Final = logging.getLogger(__name__)


class Intake:
    """RTP is given on in bursts, as many packets as came together, RTCP at once."""

    def __init__(
        self,
        opener: Opener,
        on_rtp: Callable[[list[bytes], int], None],
        on_rtcp: Callable[[bytes, int], None],
    ) -> None:
        self._opener = opener
        self._on_rtp, self._on_rtcp = on_rtp, on_rtcp
        self._received: list[bytes] = []
        self.arrived: list[int] = []
        """See `signaling.media_room.Link`."""
        self.heard_ns = 0
        """When the peer's last packet was read, monotonic nanoseconds: a stranger's count for
        nothing."""
        self.undecryptable = 0

    def take(self, inbox: Inbox, at: int) -> bool:
        """Take a datagram; False when it is neither RTP nor RTCP (RFC 7983 section 7)."""
        if not inbox.size(at) or not 127 < inbox.octets[at * LARGEST] < 192:
            return False
        if is_rtcp(inbox.octets, at * LARGEST):
            clear = self._opener.rtcp(inbox, at)
            if clear is not None:
                self.heard_ns = inbox.now
                self._give(self._on_rtcp, clear, inbox.now)
                return True
        else:
            clear = self._opener.rtp(inbox, at)
            if clear is not None:
                self.heard_ns = inbox.now
                self._received.append(clear)
                self.arrived.append(inbox.arrival(at))
                return True
        self.undecryptable += 1
        return True

    def drained(self) -> None:
        """All that had come was given."""
        if self._received:
            burst, self._received = self._received, []
            self._give(self._on_rtp, burst, self.heard_ns)
            self.arrived = []

    def _give(self, take: Callable[[Any, int], None], what: Any, now: int) -> None:
        try:
            take(what, now)
        except Exception:
            logger.exception("a media packet failed")
