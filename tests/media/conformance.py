"""What the packet-level modules make of the same random packets, as hashes, for two forms of them.

    python -m tests.media.conformance

Prints JSON: why the modules run interpreted (empty: they run compiled), and one hash for each part.
"""

import hashlib
import json
import random
import secrets
import struct
from collections.abc import Callable
from typing import Any

from pylibsrtp import Policy, Session

from signaling import compiled, rtcp, rtp, twcc, vp8
from signaling.feedback import MS
from signaling.inbox import Inbox
from signaling.line_estimate import LineEstimate
from signaling.rtp import MalformedPacket
from signaling.srtp import Opener, Sealer
from tests.media.builders import MID_ID, START, FakeRecorder, Room, packet, picture
from tests.media.test_fuzz import RTCP_SEEDS, RTP_SEEDS, damaged

Note = Callable[[Any], None]
KEY = bytes(range(28))


def parsers(noise: random.Random, note: Note) -> None:
    """Damaged packets, read."""
    frames = [picture(7, key=True), picture(300), b"\x90\xf0\x05\x01\x20x"]
    for _ in range(4000):
        for read, seeds in ((rtp.parse, RTP_SEEDS), (rtcp.parse, RTCP_SEEDS), (vp8.parse, frames)):
            data = damaged(noise, seeds)
            try:
                found: Any = read(data)
            except MalformedPacket as error:
                found = str(error)
            note(found)
            if isinstance(found, vp8.Vp8Descriptor):
                note(vp8.rewrite(data, found, noise.randrange(1 << 15), noise.randrange(256)))


def arrivals(noise: random.Random, note: Note) -> None:
    """Feedback written, read again and matched, over wraps, with losses, and damaged."""
    told, sent, line = twcc.Arrivals(), twcc.SendHistory(), LineEstimate(START)
    now = START
    for _ in range(3000):
        sizes = [noise.randrange(50, 1300) for _ in range(noise.randrange(1, 40))]
        for number in sent.take(sizes, now):
            if noise.random() < 0.9:
                told.add(number & 0xFFFF, now + noise.randrange(90 * MS))
        now += noise.randrange(60 * MS)
        data = told.feedback(1, 2)
        note(data)
        body = bytearray(data[4:])
        if body and noise.random() < 0.1:
            body[noise.randrange(len(body))] ^= 1 << noise.randrange(8)
        try:
            match = sent.match(twcc.read(bytes(body)))
        except MalformedPacket as error:
            note(str(error))
            continue
        note((match, line.feedback(match, now), line.target, line.queue, line.loss))


def hearing(noise: random.Random, note: Note) -> None:
    """Four seats, recorded: good packets, damaged ones, reports; seats that come and go."""
    room, recorder = Room(), FakeRecorder()
    names = ["judge", "lawyer", "clerk", "expert"]
    for name in names:
        room.join(name)
        room.subscribers[name].measure(room.now)
    room.forwarder.attach(room.forwarder.seats["judge"].space, recorder, room.now)
    for turn in range(6000):
        name = noise.choice(names)
        publisher, subscriber = room.publishers[name], room.subscribers[name]
        choice = noise.randrange(12)
        if choice < 5:
            room.send(name, key=noise.random() < 0.1, skip=noise.choice((0, 0, 0, 1, 9, 4000)))
        elif choice < 7:
            room.send(name, "microphone", level=noise.randrange(128))
        elif choice == 7:
            room.forwarder.receive_burst(publisher, burst(noise, publisher, turn), room.now)
        elif choice == 8:
            room.forwarder.receive_publisher_rtcp(publisher, report(noise, publisher), room.now)
        elif choice == 9:
            data = damaged(noise, RTCP_SEEDS)
            ssrc = noise.choice(subscriber.slots).plan.ssrc
            data = data[:8] + ssrc.to_bytes(4) + data[12:]
            room.forwarder.receive_subscriber_rtcp(subscriber, data, room.now)
        elif choice == 10:
            asked = [noise.randrange(1 << 16) for _ in range(3)]
            asked += [item.sequence for item in room.down[name].rtp[-3:]]
            slot = noise.choice(subscriber.slots)
            data = rtcp.nack(1, slot.plan.ssrc, asked)
            room.forwarder.receive_subscriber_rtcp(subscriber, data, room.now)
        else:
            room.wait(noise.choice((1, 50, 50, 400)) * MS)
        if turn % 500 == 499:
            room.join(name)  # again, on new connections
            room.subscribers[name].measure(room.now)
        for wire in (*room.up.values(), *room.down.values()):
            note((wire.rtp, wire.rtcp))
            del wire.rtp[:-3], wire.rtcp[:]
    note(room.events)
    note(room.forwarder.counters)
    note([(sink.track, sink.packets, sink.clocks, sink.reason) for sink in recorder.sinks])
    note(room.forwarder.report(room.now))


def burst(noise: random.Random, publisher: Any, turn: int) -> list[bytes]:
    """A picture of several packets, some damaged, in and out of order."""
    first = turn * 10
    ssrc = publisher.upstreams[1].section.ssrcs[0]
    found = [
        packet(
            first + at, turn * 3000, picture(turn, start=at == 0), ssrc=ssrc, marker=at == 4,
            elements={MID_ID: b"1"},
        )
        for at in range(5)
    ]  # fmt: skip
    if noise.random() < 0.3:
        noise.shuffle(found)
    return found if noise.random() < 0.8 else [*found, damaged(noise, RTP_SEEDS)]


def report(noise: random.Random, publisher: Any) -> bytes:
    """A sender report of one of its streams."""
    ssrc = noise.choice(publisher.upstreams).section.ssrcs[0]
    return rtcp.sender_report(ssrc, noise.getrandbits(40) << 20, noise.getrandbits(32), 5, 6)


class Caught:
    """A line that keeps what is sent."""

    dropped = 0

    def __init__(self, note: Note) -> None:
        self._note = note
        self.sent: list[bytes] = []

    def send(self, data: memoryview, address: tuple[Any, ...]) -> None:
        self.sent.append(bytes(data))
        self._note((bytes(data), address))

    def send_burst(self, data: memoryview, sizes: list[int], address: tuple[Any, ...]) -> None:
        self._note((sizes, address))
        at = 0
        for size in sizes:
            self.send(data[at : at + size], address)
            at += size


def session(direction: int) -> Session:
    """A session of libsrtp with a known key."""
    profile = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
    return Session(Policy(key=KEY, ssrc_type=direction, srtp_profile=profile))


def protection(noise: random.Random, note: Note) -> None:
    """Packets protected, and unprotected again, some of them damaged."""
    line, inbox = Caught(note), Inbox()
    sealer = Sealer(session(Policy.SSRC_ANY_OUTBOUND))
    opener = Opener(session(Policy.SSRC_ANY_INBOUND))
    sealer.line, sealer.address = line, ("192.0.2.1", 9)
    for turn in range(2000):
        media = [
            packet(turn * 40 + at, turn * 3000, noise.randbytes(noise.randrange(1200)))
            for at in range(noise.randrange(1, 40))
        ]
        line.sent.clear()
        if noise.random() < 0.2:
            sealer.rtcp(rtcp.receiver_report(1, []))
        elif len(media) == 1:
            sealer.one(media[0])
        else:
            sealer.rtp(media)
        for data in line.sent:
            if noise.random() < 0.1:
                data = data[:20] + struct.pack("!L", noise.getrandbits(32)) + data[24:]
            inbox.put(data, ("192.0.2.1", 9))
            note(opener.rtcp(inbox, 0) if rtp.is_rtcp(data) else opener.rtp(inbox, 0))
    note((sealer.lost, line.dropped))


def run(part: Callable[[random.Random, Note], None], seed: int) -> str:
    """The hash of everything that a part noted."""
    noise, found = random.Random(seed), hashlib.sha256()
    for name, draw in (("randbits", noise.getrandbits), ("randbelow", noise.randrange)):
        setattr(secrets, name, draw)
    part(noise, lambda what: found.update(repr(what).encode()))
    return found.hexdigest()


def main() -> None:
    parts = {part.__name__: part for part in (parsers, arrivals, hearing, protection)}
    hashes = {f"{name} {seed}": run(part, seed) for name, part in parts.items() for seed in (1, 2)}
    print(json.dumps({"why": compiled.why, "hashes": hashes}))


if __name__ == "__main__":
    main()
