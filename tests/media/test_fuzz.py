"""A hundred thousand damaged packets: dropped and counted, never an exception, never a closed
transport.

Bytes are made by a seeded mutator rather than drawn one by one, so that all cases take seconds;
hypothesis chooses the seeds, and prints the one that fails.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Callable, Sequence
from typing import cast

import pytest
from aioice import stun
from aiortc.rtcdtlstransport import RTCCertificate
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling import rtcp, rtp, sdp, vp8
from signaling.aiortc_engine import Link
from signaling.engine import MediaRefused
from signaling.rtp import MalformedPacket
from signaling.udp import Datagrams
from tests.media.builders import (
    LEVEL_ID,
    MID_ID,
    OPUS,
    RTX,
    SEND_TIME_ID,
    Room,
    packet,
    picture,
)
from tests.media.test_sdp import OFFER

ROUNDS = 20
RTP_CASES, RTCP_CASES, VP8_CASES = 1000, 1000, 500
HANDLED_CASES, STUN_CASES, SDP_CASES = 1700, 700, 100
assert ROUNDS * (RTP_CASES + RTCP_CASES + VP8_CASES + HANDLED_CASES + STUN_CASES + SDP_CASES) >= 1e5

RTP_SEEDS = [
    packet(
        7, 9000, picture(7, key=True), marker=True, elements={MID_ID: b"1", SEND_TIME_ID: b"abc"}
    ),
    packet(8, 9000, picture(8), padding=9),
    packet(9, 960, b"sound", payload_type=OPUS, elements={LEVEL_ID: b"\x1e", MID_ID: b"0"}),
    packet(3, 9000, rtp.wrap_rtx(7, picture(7)), payload_type=RTX, elements={MID_ID: b"1"}),
    b"\x90\x60\x00\x01" + bytes(8) + b"\x10\x00\x00\x02\x04\x02ab\x00\x09\x00\x00media",
]
RTCP_SEEDS = [
    rtcp.sender_report(1000, 5 << 32, 7, 1, 2) + rtcp.source_description(1000, "name"),
    rtcp.receiver_report(1, [rtcp.ReportBlock(1000, 1, -1, 70000, 5, 6, 7)] * 3),
    rtcp.nack(1, 1000, [5, 7, 9, 40]),
    rtcp.keyframe_request(1, 1000),
    rtcp.remb(1, 500_000, [1000, 1001]),
    struct.pack("!BBHL", 0x81, rtcp.BYE, 1, 1000),
    struct.pack("!BBHLLHHLHBBH", 0x8F, rtcp.RTPFB, 5, 1, 1000, 9, 3, 77 << 8, 0x2003, 4, 4, 0),
]
EDGES = (0, 1, 2, 3, 4, 0x7F, 0x80, 0xFE, 0xFF)


def damaged(noise: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A seed with one to four injuries, or noise that begins like a packet."""
    if noise.random() < 0.1:
        return bytes([noise.choice((0x80, 0x90, 0xA0, 0xB0, 0x81, 0x8F))]) + noise.randbytes(
            noise.randrange(60)
        )
    data = bytearray(noise.choice(seeds))
    for _ in range(noise.randrange(1, 5)):
        at = noise.randrange(len(data) + 1)
        injury = noise.randrange(6)
        if injury == 0:
            del data[at:]
        elif injury == 1:
            data[at:at] = noise.randbytes(noise.randrange(1, 9))
        elif injury == 2:
            data[at : at + noise.randrange(1, 5)] = b""
        elif injury == 3 and at < len(data):
            data[at] ^= 1 << noise.randrange(8)
        elif injury == 4 and at < len(data):
            data[at] = noise.choice(EDGES)
        else:
            other = noise.choice(seeds)
            data[at:] = other[noise.randrange(len(other)) :]
    return bytes(data)


def fuzz(count: int) -> Callable[[Callable[[random.Random], None]], Callable[[], None]]:
    """`count` cases for each of ROUNDS seeds."""

    def decorate(case: Callable[[random.Random], None]) -> Callable[[], None]:
        @settings(max_examples=ROUNDS, deadline=None, database=None)
        @given(st.integers(0, 1 << 32))
        def test(seed: int) -> None:
            noise = random.Random(seed)
            for _ in range(count):
                case(noise)

        test.__name__ = case.__name__
        return test

    return decorate


@fuzz(RTP_CASES)
def test_rtp(noise: random.Random) -> None:
    data = damaged(noise, RTP_SEEDS)
    with contextlib.suppress(MalformedPacket):
        read = rtp.parse(data)
        assert len(read.payload) <= len(data)
        rtp.unwrap_rtx(read.payload)


@fuzz(RTCP_CASES)
def test_rtcp(noise: random.Random) -> None:
    with contextlib.suppress(MalformedPacket):
        rtcp.parse(damaged(noise, RTCP_SEEDS))


@fuzz(VP8_CASES)
def test_vp8(noise: random.Random) -> None:
    data = damaged(noise, [picture(7, key=True), picture(300), b"\x90\xf0\x05\x01\x20x"])
    found = vp8.parse(data)
    if found is not None:
        assert len(vp8.rewrite(data, found, 5, 9)) == len(data)


@fuzz(SDP_CASES)
def test_sdp(noise: random.Random) -> None:
    data = damaged(noise, [OFFER.encode()])
    with contextlib.suppress(MediaRefused):
        sdp.read_publish("judge", data.decode("utf-8", "replace"))


def test_handlers() -> None:
    """Damaged RTP (retransmissions, forged SSRCs) and RTCP of one publisher and one subscriber
    through the forwarder: all is counted, and the others' media goes on."""
    room = Room()
    for name in ("judge", "lawyer", "clerk", "expert"):
        room.join(name)
    forwarder, judge = room.forwarder, room.publishers["judge"]
    lawyer = room.subscribers["lawyer"]
    own = [ssrc for item in judge.upstreams for ssrc in item.section.ssrcs]
    slots = [slot.plan.ssrc for slot in lawyer.slots]
    noise = random.Random(1)
    for number in range(ROUNDS * HANDLED_CASES):
        if number % 20 == 0:
            room.now += 1_000_000
        if number % 1000 == 0:
            forwarder.tick(room.now, room.publishers.values())
        kind = number % 4
        data = bytearray(damaged(noise, RTP_SEEDS if kind < 2 else RTCP_SEEDS))
        if len(data) >= 12 and noise.random() < 0.7:  # as if it were one of the streams
            ssrc = noise.choice(own if kind < 3 else slots)
            data[8:12] = ssrc.to_bytes(4)
        if kind < 2:
            forwarder.receive_rtp(judge, bytes(data), room.now)
        elif kind == 2:
            forwarder.receive_publisher_rtcp(judge, bytes(data), room.now)
        else:
            forwarder.receive_subscriber_rtcp(lawyer, bytes(data), room.now)
    counters = forwarder.counters
    assert counters.failed == 0
    assert counters.malformed > 1000
    assert counters.ignored > 1000
    room.down["expert"].rtp.clear()
    for _ in range(20):
        room.send("clerk", "microphone")
        room.send("clerk", "camera", key=True)
        room.wait(50_000_000)
    assert room.heard("expert", "microphone")
    assert room.heard("expert", "camera")


def stun_seeds(link: Link, *, known: bool) -> list[bytes]:
    """Binding requests: of the authenticated peer, or of somebody else."""
    out = []
    for attributes in (
        {"PRIORITY": 1, "ICE-CONTROLLING": 5, "USE-CANDIDATE": None},
        {"ICE-CONTROLLED": 1 << 63},
        {},
    ):
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{link.connection.local_username}:peer"
        message.attributes.update(attributes)
        if known:
            message.add_message_integrity(link.connection.local_password.encode())
        out.append(bytes(message))
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE)
    response.attributes["XOR-MAPPED-ADDRESS"] = ("192.0.2.1", 9)
    return [*out, bytes(response), b"\x16\xfe\xfd" + bytes(40), packet(1, 2, picture(1))]


async def make_link(states: list[bool]) -> Link:
    link = Link(
        RTCCertificate.generateCertificate(),
        ("127.0.0.1",),
        None,
        lambda data, now: None,
        lambda data, now: None,
        states.append,
    )
    await link.gather()
    return link


@pytest.mark.parametrize("known", [True, False])
async def test_stun(known: bool, caplog: pytest.LogCaptureFixture) -> None:
    """What anybody can send to an open port: nothing is raised, kept or closed."""
    states: list[bool] = []
    link = await make_link(states)
    link.start(
        sdp.RemoteTransport("peer", "p" * 22, "AB:" * 31 + "AB", "active"), controlling=False
    )
    (protocol,) = link.connection._protocols
    seeds = stun_seeds(link, known=known)
    noise = random.Random(2)
    for number in range(ROUNDS * STUN_CASES // 2):
        protocol.datagram_received(damaged(noise, seeds), ("127.0.0.1", 9))
        if number % 500 == 0:
            await asyncio.sleep(0)
    assert link.connection.malformed > 100
    assert link.connection._queue.qsize() <= 64
    assert states == []
    assert not protocol.transport.is_closing()
    await link.close()
    assert "Traceback" not in caplog.text


async def test_datagrams_of_strangers_through_a_real_socket() -> None:
    states: list[bool] = []
    link = await make_link(states)
    (protocol,) = link.connection._protocols
    noise = random.Random(3)
    seeds = stun_seeds(link, known=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(500):
            data = damaged(noise, seeds)
            stranger.sendto(data, protocol.transport.get_extra_info("sockname"))
            if noise.random() < 0.1:
                await asyncio.sleep(0)
        stranger.sendto(b"", protocol.transport.get_extra_info("sockname"))
        stranger.sendto(noise.randbytes(9000), protocol.transport.get_extra_info("sockname"))
        await asyncio.sleep(0.05)
    assert cast(Datagrams, protocol.transport).failed == 0
    assert not protocol.transport.is_closing()
    await link.close()
