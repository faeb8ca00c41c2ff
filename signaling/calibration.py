"""What a forwarded packet costs on this machine, reckoned at the start from a short trial.

The trial encrypts and sends packets to nobody on the loopback address, as forwarding does for each
listener; the rest of the work (reading, rewriting, reports) is a known multiple of it.
"""

import socket
import time

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ROUNDS, PACKETS, SIZE = 8, 250, 1100
FACTOR = 5
"""Cost of a forwarded packet by cost of the trial's, where both were measured: 4.2 us by 17-23 us
(4 x 8, two cores, the clients on the same machine; docs/performance.md)."""


def microseconds() -> float:
    """Cost of one forwarded packet. Takes some 20 ms; blocks. The best of several rounds, because
    a machine that does something else meanwhile is not slower for it."""
    cipher, nonce, payload = AESGCM(bytes(16)), bytes(12), bytes(SIZE)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as source,
    ):
        sink.bind(("127.0.0.1", 0))
        address = sink.getsockname()
        best = min(_round(cipher, nonce, payload, source, address) for _ in range(ROUNDS))
    return best * FACTOR


def _round(
    cipher: AESGCM,
    nonce: bytes,
    payload: bytes,
    source: socket.socket,
    address: tuple[str, int],
) -> float:
    began = time.perf_counter()
    for _ in range(PACKETS):
        source.sendto(cipher.encrypt(nonce, payload, None), address)
    return (time.perf_counter() - began) / PACKETS * 1e6
