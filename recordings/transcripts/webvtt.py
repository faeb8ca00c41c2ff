"""WebVTT (W3C, 4 April 2019): a strict reader for what machines write, and a writer. Pure.

The reader takes plain cues, with one voice each at most. What it does not know it refuses with the
number of the line, and keeps nothing: half a transcript would look like a whole one.
"""

import html
import re
from collections.abc import Iterable

from errors import N_, BadInput
from recordings.transcripts.transcript import Line

MOST_BYTES = 900_000
_TIME = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMES = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t]+\S.*)?")
_VOICE = re.compile(r"<v(?:\.[\w.-]+)?[ \t]+([^>\n]+)>")
_TAG = re.compile(
    r"</?(?:c|i|b|u|ruby|rt|v|lang)(?:\.[\w.-]*)?(?:[ \t][^>]*)?>|<(?:\d+:)?\d\d:\d\d\.\d{3}>"
)
_HEAD = re.compile(r"WEBVTT(?:[ \t].*)?")


def parse(data: bytes) -> list[Line]:
    """The cues as lines of a machine, without seats. Raises BadInput `transcript.bad_vtt`."""
    if len(data) > MOST_BYTES:
        raise _bad(1, N_("Line %(line)s: the file is too large. Nothing was taken."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(
            data[: error.start].count(b"\n") + 1,
            N_("Line %(line)s: it is not UTF-8. Nothing was taken."),
        ) from None
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if "\0" in text or not _HEAD.fullmatch(rows[0]):
        raise _bad(1, N_("Line %(line)s: it does not begin with WEBVTT. Nothing was taken."))
    found: list[Line] = []
    at = 1
    while at < len(rows) and rows[at]:
        at += 1  # the header's own lines
    while at < len(rows):
        if not rows[at].strip():
            at += 1
            continue
        block = [at]
        while block[-1] + 1 < len(rows) and rows[block[-1] + 1].strip():
            block.append(block[-1] + 1)
        at = block[-1] + 1
        first = rows[block[0]]
        if re.fullmatch(r"NOTE(?:[ \t].*)?|STYLE[ \t]*|REGION[ \t]*", first):
            continue
        found.append(_cue([(number + 1, rows[number]) for number in block], found))
    if not found:
        raise _bad(len(rows), N_("Line %(line)s: it has no cues. Nothing was taken."))
    return found


def _cue(block: list[tuple[int, str]], before: list[Line]) -> Line:
    if "-->" not in block[0][1]:
        if len(block) == 1:
            raise _bad(block[0][0], N_("Line %(line)s: a cue has no times. Nothing was taken."))
        block = block[1:]  # an identifier
    number, first = block[0]
    times = _TIMES.fullmatch(first.strip())
    if times is None:
        raise _bad(
            number,
            N_(
                "Line %(line)s: times are written 00:01:02.345 --> 00:01:04.000. Nothing was taken."
            ),
        )
    parts = times.groups()
    start, end = _ms(parts[:4]), _ms(parts[4:8])
    if end <= start:
        raise _bad(number, N_("Line %(line)s: a cue ends before it begins. Nothing was taken."))
    if before and start < before[-1].start_ms:
        raise _bad(
            number,
            N_("Line %(line)s: a cue begins before the one above it. Nothing was taken."),
        )
    payload = "\n".join(text for _, text in block[1:])
    if "-->" in payload:
        raise _bad(
            number + 1,
            N_("Line %(line)s: an empty line is missing above. Nothing was taken."),
        )
    voices = _VOICE.findall(payload)
    if len(voices) > 1:
        raise _bad(
            number + 1,
            N_("Line %(line)s: one cue has several voices. Nothing was taken."),
        )
    plain = _TAG.sub("", _VOICE.sub("", payload))
    if "<" in plain or ">" in plain:
        raise _bad(number + 1, N_("Line %(line)s: a tag is not of WebVTT. Nothing was taken."))
    words = " ".join(html.unescape(plain).split())
    if not words:
        raise _bad(number, N_("Line %(line)s: a cue has no words. Nothing was taken."))
    speaker = html.unescape(voices[0]).strip() if voices else ""
    return Line(start, end, "", speaker, words, machine=True)


def _ms(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _bad(line: int, message: str) -> BadInput:
    return BadInput("transcript.bad_vtt", message, field="file", line=line)


def write(lines: Iterable[tuple[int, int, str, str]], note: str = "") -> bytes:
    """A file of (start_ms, end_ms, speaker, text); `note` stands above all cues."""
    blocks = ["WEBVTT"]
    if note:
        blocks.append("NOTE " + " ".join(note.replace("-->", "").split()))
    for start, end, speaker, text in lines:
        voice = f"<v {_escaped(speaker).replace('>', '')}>" if speaker else ""
        blocks.append(f"{stamp(start)} --> {stamp(max(end, start + 1))}\n{voice}{_escaped(text)}")
    return ("\n\n".join(blocks) + "\n").encode()


def _escaped(text: str) -> str:
    flat = " ".join(text.split())
    return flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def stamp(ms: int) -> str:
    """`00:01:02.345`."""
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
