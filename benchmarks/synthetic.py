"""Participants for benchmarks: real VP8 and opus, sent and counted without a browser."""

import asyncio
import random
import re
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

import av
from aioice import Candidate
from aiortc.rtcdtlstransport import RTCCertificate

from benchmarks.metering import Meter
from signaling import rtcp, rtp, sdp, twcc, vp8
from signaling.aiortc_engine import Link
from signaling.engine import SOURCES
from signaling.inbox import INBOX
from signaling.srtp import Opener
from signaling.udp import Datagrams

WIDTH, HEIGHT, RATE, BITRATE = 1280, 720, 30, 1_200_000
SECONDS = 3
MTU = 1100
MID, LEVEL, SEND_TIME, TRANSPORT = 1, 2, 3, 4
OPUS, VP8, RTX = 111, 96, 97
FEEDBACK = ("nack", "nack pli", "goog-remb", "transport-cc")
STAMP, STAMPED = struct.Struct("!LQ"), 0x6D61686D
LOOK = 0.01
"""Seconds between two looks of a subscriber at its socket."""


def pictures() -> list[list[bytes]]:
    """Some seconds of VP8 as RTP payloads without descriptors: parts of each frame. The first is
    a keyframe. Noise, so that the rate control fills the bit rate."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height = WIDTH, HEIGHT
    encoder.pix_fmt = "yuv420p"
    encoder.bit_rate = BITRATE
    encoder.time_base = Fraction(1, RATE)
    encoder.options = {
        "deadline": "realtime",
        "cpu-used": "8",
        "g": "9999",
        "lag-in-frames": "0",
        "minrate": str(BITRATE),
        "maxrate": str(BITRATE),
        "bufsize": str(BITRATE),
    }
    noise = random.Random(1)
    soften = bytes(112 + value // 8 for value in range(256))
    frames = []
    for index in range(RATE * SECONDS):
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        frame.pts = index
        for number, plane in enumerate(frame.planes):
            size = plane.buffer_size
            plane.update(noise.randbytes(size).translate(soften) if number == 0 else b"\x80" * size)
        frames += [bytes(packet) for packet in encoder.encode(frame)]
    return [[data[at : at + MTU] for at in range(0, len(data), MTU)] for data in frames]


def sounds() -> list[bytes]:
    """A second of opus, 20 ms each."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.bit_rate = 48_000, 32_000
    encoder.layout, encoder.format = "stereo", "s16"
    out = []
    for index in range(55):
        frame = av.AudioFrame("s16", "stereo", 960)
        frame.sample_rate, frame.pts = 48_000, index * 960
        frame.planes[0].update(random.Random(index).randbytes(3840))
        out += [bytes(packet) for packet in encoder.encode(frame)]
    return out[:50]


@dataclass
class Counts:
    """What clients sent and received."""

    sent: int = 0
    received: int = 0
    asked: int = 0
    delays: list[int] = field(default_factory=list)
    """Nanoseconds from a publisher's socket to a subscriber's, of packets that end a picture."""
    joins: list[float] = field(default_factory=list)
    """Seconds from asking to subscribe to the first packet of a keyframe."""


class Client:
    """One connection to a server of which only the descriptions are known."""

    def __init__(
        self, certificate: RTCCertificate, counts: Counts, host: str = "127.0.0.1"
    ) -> None:
        """`host`: our address, and the one at which the server is."""
        self.up = asyncio.Event()
        self.counts = counts
        self.host = host
        self.link = Link(certificate, (host,), None, self.on_rtp, self.on_rtcp, self._changed)

    def _changed(self, up: bool) -> None:
        if up:
            self.up.set()

    def on_rtp(self, burst: list[bytes], now: int) -> None:
        """Packets came."""

    def on_rtcp(self, data: bytes, now: int) -> None:
        """Feedback came."""

    async def connect(self, description: str, *, offered: bool) -> None:
        """Connect to the transport that the server's description names."""

        def one(pattern: str) -> str:
            match = re.search(pattern, description)
            assert match is not None, pattern
            return match.group(1)

        for line in re.findall(r"a=candidate:(.*?)\r?\n", description):
            candidate = Candidate.from_sdp(line)
            if candidate.host == self.host:
                await self.link.connection.add_remote_candidate(candidate)
        setup = one(r"a=setup:(\w+)") if offered else "passive"
        remote = sdp.RemoteTransport(
            one(r"a=ice-ufrag:(\S+)"), one(r"a=ice-pwd:(\S+)"), one(r"sha-256 (\S+)"), setup
        )
        self.link.start(remote, controlling=offered)
        await asyncio.wait_for(self.up.wait(), 30)


class Publisher(Client):
    """Sends a camera and a microphone the way Chromium does, header extensions included."""

    first_sequence: int | None = None
    """Where sequence numbers begin; None: anywhere."""
    first_timestamps: tuple[int, int] = (0, 0)
    """Where timestamps of the microphone and the camera begin."""

    async def join(
        self, publish: Callable[[str], Awaitable[str]], video: list[list[bytes]], audio: list[bytes]
    ) -> None:
        """Offer, connect, send until cancelled."""
        self.ssrcs = [random.getrandbits(32) for _ in SOURCES]
        await self.connect(await publish(self._offer(await self.link.gather())), offered=True)
        self._video, self._audio = video, audio
        self._frame = self._picture = self._number = 0
        first = self.first_sequence
        self._sequences = [random.getrandbits(14) if first is None else first for _ in SOURCES]
        self.wraps = 0
        self._last_timestamps = [0, 0]
        self.history: dict[int, bytes] = {}
        loop = asyncio.get_running_loop()
        began = loop.time() + random.random() / RATE
        self.pictures = self.sounds = 0
        while True:
            elapsed = loop.time() - began
            while self.pictures < elapsed * RATE:
                self._send_frame(self.pictures)
                self.pictures += 1
            while self.sounds < elapsed * 50:
                at, sound = self.sounds * 960, self._audio[self.sounds % 50]
                self._send([self._packet(0, OPUS, at, sound, True, b"\x1e")])
                self.sounds += 1
            await asyncio.sleep(0.01)

    def _offer(self, local: sdp.LocalTransport) -> str:
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1 2"]
        lines.append("a=msid-semantic: WMS *")
        for index, source in enumerate(SOURCES):
            audio = index == 0
            formats = f"{OPUS}" if audio else f"{VP8} {RTX}"
            lines += [
                f"m={'audio' if audio else 'video'} 9 UDP/TLS/RTP/SAVPF {formats}",
                "c=IN IP4 0.0.0.0",
                f"a=mid:{index}",
                "a=sendonly",
                f"a=msid:- {source}",
                f"a=extmap:{MID} {sdp.MID}",
                f"a=extmap:{SEND_TIME} {sdp.SEND_TIME}",
                f"a=extmap:{TRANSPORT} {sdp.TRANSPORT}",
                f"a=ice-ufrag:{local.ufrag}",
                f"a=ice-pwd:{local.password}",
                f"a=fingerprint:sha-256 {local.fingerprint}",
                "a=setup:actpass",
                "a=rtcp-mux",
                f"a=ssrc:{self.ssrcs[index]} cname:x",
            ]
            if audio:
                lines += [f"a=extmap:{LEVEL} {sdp.LEVEL}", f"a=rtpmap:{OPUS} opus/48000/2"]
                lines.append(f"a=rtcp-fb:{OPUS} transport-cc")
            else:
                lines += [f"a=rtpmap:{VP8} VP8/90000", f"a=rtpmap:{RTX} rtx/90000"]
                lines += [f"a=fmtp:{RTX} apt={VP8}"]
                lines += [f"a=rtcp-fb:{VP8} {item}" for item in FEEDBACK]
            lines += [
                f"a=candidate:1 1 udp {priority} {host} {port} typ host"
                for host, port, priority in local.candidates
            ]
        return "\r\n".join([*lines, ""])

    def _send_frame(self, number: int) -> None:
        parts, packets = self._video[self._frame], []
        self._frame = (self._frame + 1) % len(self._video)
        self._picture = (self._picture + 1) & 0x7FFF
        for index, part in enumerate(parts):
            head = struct.pack(
                "!BBHB", 0x90 if index == 0 else 0x80, 0xC0, 0x8000 | self._picture, number & 0xFF
            )
            last = index == len(parts) - 1
            # A decoder does not look at what follows its picture.
            stamp = STAMP.pack(STAMPED, time.time_ns()) if last else b""
            payload = head + part + stamp
            packets.append(self._packet(1, VP8, number * 3000, payload, last, b""))
        self._send(packets)

    def _send(self, packets: list[bytes]) -> None:
        self.counts.sent += len(packets)
        self.link.send_rtp(packets)

    def _packet(
        self, index: int, kind: int, timestamp: int, payload: bytes, last: bool, level: bytes
    ) -> bytes:
        sequence = self._sequences[index] = (self._sequences[index] + 1) & 0xFFFF
        timestamp = (timestamp + self.first_timestamps[index]) & 0xFFFFFFFF
        self.wraps += (sequence == 0) + (timestamp < self._last_timestamps[index])
        self._last_timestamps[index] = timestamp
        now = int(asyncio.get_running_loop().time() * (1 << 18)) & 0xFFFFFF
        self._number = (self._number + 1) & 0xFFFF
        body = struct.pack(
            "!BBLBHBBB",
            MID << 4,
            48 + index,
            (SEND_TIME << 4 | 2) << 24 | now,
            TRANSPORT << 4 | 1,
            self._number,
            LEVEL << 4 if level else 0,
            level[0] if level else 0,
            0,
        )
        return (
            rtp.header(kind, last, sequence, timestamp, self.ssrcs[index])
            + struct.pack("!HH", 0xBEDE, 3)
            + body
            + payload
        )

    def on_rtcp(self, data: bytes, now: int) -> None:
        """A PLI is answered with the keyframe of the beginning."""
        for message in rtcp.parse(data):
            if isinstance(message, rtcp.KeyframeRequest):
                self._frame = 0


class Subscriber(Client):
    """Counts what it receives; reports each second and asks for 1 % of the video again."""

    def __init__(
        self, certificate: RTCCertificate, counts: Counts, host: str = "127.0.0.1"
    ) -> None:
        super().__init__(certificate, counts, host)
        self.saw_picture = asyncio.Event()
        """A keyframe began to arrive."""
        self._highest: dict[int, int] = {}

    async def join(
        self,
        subscribe: Callable[[], Awaitable[str]],
        answer: Callable[[str], Awaitable[object]],
    ) -> None:
        """Answer the server's offer, connect, report until cancelled."""
        self._began = time.time_ns()
        offer = await subscribe()
        self._video = {int(number) for number in re.findall(r"a=rtpmap:(\d+) VP8", offer)}
        local = await self.link.gather()
        text = offer.replace("a=sendonly", "a=recvonly").replace("a=sendrecv", "a=recvonly")
        unwanted = r"a=(candidate:|end-of-candidates|fingerprint:sha-(384|512)).*?\r\n"
        text = re.sub(unwanted, "", text)
        text = re.sub(r"a=ice-ufrag:\S+", f"a=ice-ufrag:{local.ufrag}", text)
        text = re.sub(r"a=ice-pwd:\S+", f"a=ice-pwd:{local.password}", text)
        text = re.sub(r"sha-256 \S+", f"sha-256 {local.fingerprint}", text)
        await answer(text.replace("a=setup:actpass", "a=setup:active"))
        await self.connect(offer, offered=False)
        pair = self.link.connection._nominated[1]
        self._protocol, self._server = pair.protocol, pair.remote_addr
        self._meter = Meter(cast(Datagrams, pair.protocol.transport))
        self._open = Opener(self.link._dtls._rx_srtp)
        opus = {int(number) for number in re.findall(r"a=rtpmap:(\d+) opus", offer)}
        self._meter.types = self._video | opus
        found = re.search(rf"a=extmap:(\d+) {sdp.TRANSPORT}", offer)
        self._meter.transport_id = int(found.group(1)) if found else 0
        self._arrivals = twcc.Arrivals()
        looks = 0
        while True:
            self._read()
            looks += 1
            if looks % 100 == 0:
                self._report()
            if looks % 7 == 0:
                self._acknowledge()
            await asyncio.sleep(LOOK)

    def _read(self) -> None:
        before = self._meter.counted.packets
        for data, at in self._meter.read():
            if not 127 < data[0] < 192 or rtp.is_rtcp(data):
                self._protocol.datagram_received(data, self._server)
            elif data[1] & 0x7F in self._video:
                self._picture(data, at)
        self.counts.received += self._meter.counted.packets - before

    def _picture(self, data: bytes, at: int) -> None:
        """Measure. One of a hundred packets was lost, let us say."""
        sequence, _, ssrc = struct.unpack_from("!HLL", data, 2)
        repeated = rtp.ahead16(sequence, self._highest.get(ssrc, sequence - 1 & 0xFFFF)) <= 0
        if data[1] & 0x80 and not repeated:
            self._highest[ssrc] = sequence
            if sequence % 20 == 0:  # a picture is about five packets
                self.counts.asked += 1
                self.link.send_rtcp(rtcp.nack(1, ssrc, [sequence]))
        INBOX.put(data, self._server)
        clear = self._open.rtp(INBOX, 0)
        if clear is None:
            return
        if not self.saw_picture.is_set():
            try:
                found = vp8.parse(rtp.parse(clear).payload)
            except rtp.MalformedPacket:
                return
            if found is None or not found.keyframe:
                return
            self.counts.joins.append((at - self._began) / 1e9)
            self._meter.all_media = False
            self.saw_picture.set()
        mark, stamp = STAMP.unpack_from(clear, len(clear) - STAMP.size)
        if mark == STAMPED and not repeated:
            self.counts.delays.append(at - stamp)

    def _acknowledge(self) -> None:
        """Say when what arrived since the last time, about as often as Chromium."""
        numbers = self._meter.counted.numbers
        for number, at in numbers:
            self._arrivals.add(number, at)
        numbers.clear()
        if feedback := self._arrivals.feedback(1, 0):
            self.link.send_rtcp(feedback)

    def _report(self) -> None:
        blocks = [
            rtcp.ReportBlock(ssrc, 0, 0, highest, 0, 0, 0)
            for ssrc, highest in self._highest.items()
        ]
        if blocks:
            self.link.send_rtcp(rtcp.receiver_report(1, blocks[:31]))
