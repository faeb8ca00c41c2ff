"""Session descriptions of the two connections that we speak (RFC 8866, 8829), and no others.

The publish connection is offered by the browser and has exactly three sections: microphone,
camera, screen. The subscribe connection is offered by the server and has fixed slots. All
sections share one transport (BUNDLE). Remote candidates are not read: the server answers whoever
proves the ICE password and sends nothing to an address that a description names.
"""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from signaling.engine import SOURCES, Layer, MediaRefused, Source, TrackId
from signaling.publisher import ExtensionIds
from signaling.subscriber import SEND_TIME_ID, TRANSPORT_ID, SlotPlan
from signaling.upstream import PublishedSection

MAX_SIZE = 65_536
"""Characters. Chromium's publish offer has about 9,000, its answer to 28 slots about 20,000."""
MAX_LINES = 3_000
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
TRANSPORT = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
LAYERS: tuple[Layer, ...] = ("l", "m", "h")
"""Simulcast rids that we know, lowest first."""
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
START_KBITS = 1200
"""Without it Chromium starts at 300 kb/s and 640x360, and climbs for 20 s."""
OPUS_TYPE, VP8_TYPE, RTX_TYPE = 111, 96, 97
"""Payload types of our own offers."""
_MEDIA = re.compile(
    r"(audio|video|application) ([0-9]{1,5})(?:/[0-9]+)? ([A-Z/]{3,32}) ([A-Za-z0-9 \-]{1,400})"
)
_TOKEN = re.compile(r"[A-Za-z0-9_\-.+/]{1,16}")
_ICE = re.compile(r"[A-Za-z0-9+/]{4,256}")
_FINGERPRINT = re.compile(r"(?:[0-9A-F]{2}:){31}[0-9A-F]{2}")


@dataclass(frozen=True, slots=True)
class RemoteTransport:
    """The other side's ICE credentials and certificate. `setup`: active, passive or actpass."""

    ufrag: str
    password: str
    fingerprint: str
    """SHA-256, upper case with colons."""
    setup: str


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """Our side of the connection. A candidate is an address, a port and a priority."""

    ufrag: str
    password: str
    fingerprint: str
    candidates: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class PublishOffer:
    """What a browser offers to send."""

    remote: RemoteTransport
    sections: tuple[PublishedSection, ...]
    extensions: dict[str, int]
    """Local ids of the header extensions that we use, by URI."""
    offered: tuple[frozenset[str], ...]
    """Which of them each section offers: Firefox refuses an answer with one that it did not."""

    @property
    def ids(self) -> ExtensionIds:
        """The same, for reading packets."""
        get = self.extensions.get
        return ExtensionIds(get(MID), get(SEND_TIME), get(RID), get(REPAIRED_RID), get(TRANSPORT))


@dataclass(frozen=True, slots=True)
class _Section:
    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    """Attributes as (name, value); session attributes that it does not override come last."""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.lines if key == name]

    def one(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.lines)


def _parse(text: str) -> tuple[_Section, ...]:
    if len(text) > MAX_SIZE or text.count("\n") > MAX_LINES:
        raise MediaRefused("media.sdp_too_large")
    session: list[tuple[str, str]] = []
    groups: list[tuple[str, list[tuple[str, str]]]] = []
    for line in text.splitlines():
        if line.startswith("m="):
            groups.append((line[2:].strip(), []))
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            (groups[-1][1] if groups else session).append((name.strip(), value.strip()))
    if not text.startswith("v=0") or not groups:
        raise MediaRefused("media.bad_sdp")
    sections = []
    for media, lines in groups:
        match = _MEDIA.fullmatch(media)
        if match is None:
            raise MediaRefused("media.bad_sdp")
        kind, port, protocol, formats = match.groups()
        sections.append(
            _Section(kind, int(port), protocol, tuple(formats.split()), (*lines, *session))
        )
    return tuple(sections)


def _transport(sections: Sequence[_Section]) -> RemoteTransport:
    """Credentials of the bundle: those of the first section (RFC 8843 section 7)."""
    first = sections[0]
    group = next((value.split() for value in first.all("group")), [])
    mids = [section.one("mid") for section in sections]
    if group[:1] != ["BUNDLE"] or group[1:] != mids or len(set(mids)) != len(mids):
        raise MediaRefused("media.not_bundled")
    if not all(_TOKEN.fullmatch(mid) for mid in mids):
        raise MediaRefused("media.bad_sdp")
    for section in sections:
        if "SAVPF" not in section.protocol or not section.has("rtcp-mux"):
            raise MediaRefused("media.bad_sdp")
    ufrag, password = first.one("ice-ufrag"), first.one("ice-pwd")
    if not _ICE.fullmatch(ufrag) or not _ICE.fullmatch(password) or len(password) < 22:
        raise MediaRefused("media.bad_sdp")
    prints = [value.split() for value in first.all("fingerprint")]
    sha256 = [item[1].upper() for item in prints if len(item) == 2 and item[0].lower() == "sha-256"]
    if not sha256 or not _FINGERPRINT.fullmatch(sha256[0]):
        raise MediaRefused("media.no_encryption")
    setup = first.one("setup")
    if setup not in ("active", "passive", "actpass"):
        raise MediaRefused("media.bad_sdp")
    return RemoteTransport(ufrag, password, sha256[0], setup)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 11


def _payload_type(section: _Section, codec: str, apt: int | None = None) -> int | None:
    """Payload type of a codec as listed in the m line, or of the rtx that belongs to `apt`."""
    parameters = set(section.all("fmtp"))
    for value in section.all("rtpmap"):
        number, _, name = value.partition(" ")
        if number not in section.formats or name.lower().split("/")[:2] != codec.split("/"):
            continue
        if apt is not None and f"{number} apt={apt}" not in parameters:
            continue
        if _is_number(number) and 0 <= int(number) < 128 and not 64 <= int(number) < 96:
            return int(number)
    return None


def _extensions(section: _Section, known: Iterable[str]) -> dict[str, int]:
    found = {}
    for value in section.all("extmap"):
        parts = value.split()
        number = parts[0].partition("/")[0] if parts else ""
        if len(parts) == 2 and parts[1] in known and _is_number(number) and 0 < int(number) < 15:
            found[parts[1]] = int(number)
    return found


def _ssrcs(section: _Section) -> tuple[int, ...]:
    """Announced SSRCs: those of the FID group (RFC 5576), or the first one."""
    groups = [value.split() for value in section.all("ssrc-group")]
    names = next((item[1:3] for item in groups if item[:1] == ["FID"]), [])
    names = names or [value.split(" ")[0] for value in section.all("ssrc")][:1]
    return tuple(int(name) for name in names if _is_number(name) and int(name) < 1 << 32)


def read_publish(seat: str, text: str) -> PublishOffer:
    """Read a browser's offer to publish. Raises MediaRefused with a code."""
    sections = _parse(text)
    if any(section.kind == "application" for section in sections):
        raise MediaRefused("media.data_channel")
    if [section.kind for section in sections] != ["audio", "video", "video"]:
        raise MediaRefused("media.wrong_sections")
    remote = _transport(sections)
    if remote.setup == "passive":
        raise MediaRefused("media.bad_sdp")
    published = []
    offered = []
    extensions: dict[str, int] = {}
    for section, source in zip(sections, SOURCES, strict=True):
        if not (section.has("sendonly") or section.has("sendrecv")):
            raise MediaRefused("media.wrong_sections")
        own = _extensions(section, (LEVEL, *_COMMON) if source == "microphone" else _VIDEO)
        if extensions.keys() & own.keys() and any(
            extensions[uri] != own[uri] for uri in extensions.keys() & own.keys()
        ):
            raise MediaRefused("media.bad_sdp")  # RFC 8843 section 9.2: one id for all sections
        extensions |= own
        offered.append(frozenset(own))
        published.append(_published(section, TrackId(seat, source), own))
    if not all(_speaks_transport(section) for section in sections):
        extensions.pop(TRANSPORT, None)
    announced = [ssrc for item in published for ssrc in item.ssrcs]
    if len(set(announced)) != len(announced):
        raise MediaRefused("media.bad_sdp")
    return PublishOffer(remote, tuple(published), extensions, tuple(offered))


_COMMON = (MID, SEND_TIME, TRANSPORT)
_VIDEO = (*_COMMON, RID, REPAIRED_RID)


def _speaks_transport(section: _Section) -> bool:
    """Whether a section numbers its packets over the whole connection and reads our answers."""
    numbered = TRANSPORT in _extensions(section, (TRANSPORT,))
    return numbered and any(value.endswith(" transport-cc") for value in section.all("rtcp-fb"))


def _layers(section: _Section, extensions: dict[str, int]) -> tuple[Layer, ...]:
    """Simulcast layers (RFC 8853): those of our names that are announced, if all are; else the
    page sends its first encoding only, which is one layer."""
    offered = section.one("simulcast").split()
    if offered[:1] != ["send"] or not {MID, RID, REPAIRED_RID} <= extensions.keys():
        return ("h",)
    names = offered[1].split(";") if len(offered) > 1 else []
    announced = {value.removesuffix(" send") for value in section.all("rid")}
    found = tuple(layer for layer in LAYERS if layer in names and layer in announced)
    return found if len(found) == len(names) > 1 else ("h",)


def _published(section: _Section, track: TrackId, extensions: dict[str, int]) -> PublishedSection:
    audio = track.source == "microphone"
    media = _payload_type(section, "opus/48000" if audio else "vp8/90000")
    if media is None:
        raise MediaRefused("media.no_common_codec")
    return PublishedSection(
        mid=section.one("mid"),
        track=track,
        codec="opus" if audio else "vp8",
        payload_type=media,
        rtx_payload_type=None if audio else _payload_type(section, "rtx/90000", media),
        level_id=extensions.get(LEVEL),
        ssrcs=_ssrcs(section),
        layers=("h",) if audio else _layers(section, extensions),
    )


def _head(mids: Iterable[str]) -> list[str]:
    return [
        "v=0",
        f"o=mahdar {secrets.randbits(62)} 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=msid-semantic: WMS *",
    ]


def _transport_lines(local: LocalTransport, setup: str, first: bool) -> list[str]:
    """Transport attributes; candidates only in the first section, which the others share."""
    lines = [
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{setup}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
    ]
    if first:
        lines += [
            f"a=candidate:{index} 1 udp {priority} {host} {port} typ host"
            for index, (host, port, priority) in enumerate(local.candidates, 1)
        ]
        lines.append("a=end-of-candidates")
    return lines


def _codec_lines(codec: str, media: int, rtx: int | None, *, transport: bool) -> list[str]:
    feedback = ["transport-cc"] if transport else []
    if codec == "opus":
        lines = [f"a=rtpmap:{media} opus/48000/2", f"a=fmtp:{media} minptime=10;useinbandfec=1"]
        return lines + [f"a=rtcp-fb:{media} {item}" for item in feedback]
    lines = [f"a=rtpmap:{media} VP8/90000"]
    feedback = ["goog-remb", *feedback, "ccm fir", "nack", "nack pli"]
    lines += [f"a=rtcp-fb:{media} {item}" for item in feedback]
    if rtx is not None:
        lines += [f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={media}"]
    return lines


def _media_lines(
    kind: str, mid: str, direction: str, types: tuple[int, int | None], extensions: dict[str, int]
) -> list[str]:
    formats = " ".join(str(number) for number in types if number is not None)
    lines = [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {formats}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        f"a={direction}",
    ]
    return lines + [f"a=extmap:{number} {uri}" for uri, number in extensions.items()]


def write_publish_answer(offer: PublishOffer, local: LocalTransport) -> str:
    """Our answer: receive only, and be the DTLS server, which gives AES-GCM with Chromium."""
    lines = _head(section.mid for section in offer.sections)
    for index, section in enumerate(offer.sections):
        audio = section.codec == "opus"
        types = (section.payload_type, section.rtx_payload_type)
        used = offer.offered[index]
        extensions = {uri: n for uri, n in offer.extensions.items() if uri in used}
        kind = "audio" if audio else "video"
        lines += _media_lines(kind, section.mid, "recvonly", types, extensions)
        lines += _codec_lines(section.codec, *types, transport=TRANSPORT in offer.extensions)
        if not audio:
            lines.append(f"a=fmtp:{section.payload_type} x-google-start-bitrate={START_KBITS}")
        lines += _transport_lines(local, "passive", index == 0)
        if len(section.layers) > 1:
            lines += [f"a=rid:{layer} recv" for layer in section.layers]
            lines.append(f"a=simulcast:recv {';'.join(section.layers)}")
    return "\r\n".join([*lines, ""])


def write_subscribe_offer(plans: Sequence[SlotPlan], cname: str, local: LocalTransport) -> str:
    """Our offer of fixed slots. Slots of one place share a stream id: one lip-sync group."""
    lines = _head(plan.mid for plan in plans)
    for index, plan in enumerate(plans):
        audio = plan.codec == "opus"
        types = (plan.payload_type, plan.rtx_payload_type)
        extensions = {MID: 1, SEND_TIME: SEND_TIME_ID, TRANSPORT: TRANSPORT_ID}
        lines += _media_lines(
            "audio" if audio else "video", plan.mid, "sendonly", types, extensions
        )
        lines += _codec_lines(plan.codec, *types, transport=True)
        stream = f"screen-{plan.place}" if plan.source == "screen" else f"place-{plan.place}"
        lines.append(f"a=msid:{stream} {plan.mid}")
        if plan.rtx_payload_type is not None:
            lines.append(f"a=ssrc-group:FID {plan.ssrc} {plan.rtx_ssrc}")
        lines.append(f"a=ssrc:{plan.ssrc} cname:{cname}")
        if plan.rtx_payload_type is not None:
            lines.append(f"a=ssrc:{plan.rtx_ssrc} cname:{cname}")
        lines += _transport_lines(local, "actpass", index == 0)
    return "\r\n".join([*lines, ""])


@dataclass(frozen=True, slots=True)
class SubscribeAnswer:
    """What a browser answers to our slots. `transport`: it tells when packets arrive."""

    remote: RemoteTransport
    transport: bool


def read_subscribe_answer(plans: Sequence[SlotPlan], text: str) -> SubscribeAnswer:
    """Read a browser's answer to our offer. Raises MediaRefused with a code."""
    sections = _parse(text)
    if any(section.kind == "application" for section in sections):
        raise MediaRefused("media.data_channel")
    if len(sections) != len(plans):
        raise MediaRefused("media.wrong_sections")
    for section, plan in zip(sections, plans, strict=True):
        kind = "audio" if plan.codec == "opus" else "video"
        if section.kind != kind or section.one("mid") != plan.mid:
            raise MediaRefused("media.wrong_sections")
        codec = "opus/48000" if kind == "audio" else "vp8/90000"
        if not section.port or _payload_type(section, codec) != plan.payload_type:
            raise MediaRefused("media.no_common_codec")
        if not (section.has("recvonly") or section.has("inactive")):
            raise MediaRefused("media.wrong_sections")
    remote = _transport(sections)
    if remote.setup == "actpass":
        raise MediaRefused("media.bad_sdp")
    return SubscribeAnswer(remote, all(_speaks_transport(section) for section in sections))


def plan_slots(microphones: int, cameras: int, screens: int) -> list[SlotPlan]:
    """Slots of a new subscribe connection, with SSRCs that no two share."""
    names: list[tuple[Source, str, int]] = [
        ("microphone", "a", microphones),
        ("camera", "v", cameras),
        ("screen", "s", screens),
    ]
    ssrcs: set[int] = set()
    while len(ssrcs) < 2 * (microphones + cameras + screens):
        ssrcs.add(secrets.randbelow((1 << 32) - 1) + 1)
    return [
        SlotPlan(
            mid=f"{letter}{place}",
            source=source,
            place=place,
            payload_type=OPUS_TYPE if letter == "a" else VP8_TYPE,
            rtx_payload_type=None if letter == "a" else RTX_TYPE,
            ssrc=ssrcs.pop(),
            rtx_ssrc=ssrcs.pop(),
        )
        for source, letter, count in names
        for place in range(count)
    ]
