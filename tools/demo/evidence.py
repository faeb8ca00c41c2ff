"""Export a sitting's evidence as an operator does, and look at what came out."""

import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from recordings.verify import EXHIBITS
from settings import ROOT
from tools.demo.server import Server

ORDER = "Order 2026/77 of the court"


class ExportFailed(Exception):
    """`mahdar export` ended with an error; the text is what it printed."""


async def export(server: Server, sitting: str, bundle: Path) -> None:
    """Run `mahdar export` beside the running server. Raises ExportFailed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "cli.py"),
        "export",
        sitting,
        "--out",
        str(bundle),
        "--order",
        ORDER,
        "--force",
        env=server.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise ExportFailed(output.decode("utf-8", "replace")[-2000:])


def examine(bundle: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the report says of recording and verification. Blocks."""
    verification = verify(bundle)
    with tempfile.TemporaryDirectory() as folder:
        recording = decode(bundle, Path(folder))
    return recording, verification


def proof(bundle: Path) -> dict[str, Any]:
    """Seconds that were read back and decoded while the sitting was on record, and the alarms:
    from the log's leaves in the bundle."""
    with zipfile.ZipFile(bundle) as archive:
        leaves = [json.loads(line) for line in archive.read("log/leaves.jsonl").splitlines()]
    starts = [leaf["d"]["start_ms"] for leaf in leaves if leaf["t"] == "rec.started"]
    ends = [leaf["d"] for leaf in leaves if leaf["t"] == "rec.stopped"]
    verified = sum(
        max(0, end.get("verified_ms", start) - start)
        for start, end in zip(starts, ends, strict=False)
    )
    alarms = [
        {"at": leaf["at"], "code": leaf["d"]["code"], "suspended": leaf["t"].endswith("alarm")}
        for leaf in leaves
        if leaf["t"] in ("live.recording.alarm", "live.recording.warning")
    ]
    return {"verified_seconds": round(verified / 1000, 1), "alarms": alarms}


def exhibits(bundle: Path) -> list[dict[str, Any]]:
    """Each exhibit as the bundle has it: how long it was shown, the court's ruling, and whether its
    file is there with the hash that the log has."""
    with zipfile.ZipFile(bundle) as archive:
        names = set(archive.namelist())
        if EXHIBITS not in names:
            return []
        listed = json.loads(archive.read(EXHIBITS))["exhibits"]
        chapters = json.loads(archive.read("chapters.json"))["chapters"]
        leaves = [json.loads(line) for line in archive.read("log/leaves.jsonl").splitlines()]
        digests = {
            one["exhibit"]: hashlib.sha256(archive.read(one["path"])).hexdigest()
            for one in listed
            if one.get("path") in names
        }
    filed = {leaf["d"]["exhibit"]: leaf["d"] for leaf in leaves if leaf["t"] == "exhibit.filed"}
    return [
        {
            "mark": one["mark"],
            "ruling": one["ruling"],
            "shown_seconds": _shown(chapters, one["exhibit"]),
            "in_bundle": digests.get(one["exhibit"]) == filed[one["exhibit"]]["sha256"],
        }
        for one in listed
    ]


def _shown(chapters: list[dict[str, Any]], exhibit: str) -> float:
    """Seconds from showing to taking away."""
    found, since = 0, None
    for one in chapters:
        if one.get("exhibit") != exhibit:
            continue
        if one["type"] == "exhibit.shown":
            since = one["clock_ms"]
        elif one["type"] == "exhibit.withdrawn" and since is not None:
            found, since = found + one["clock_ms"] - since, None
    return round(found / 1000, 1)


def wrong_exhibits(found: list[dict[str, Any]]) -> list[str]:
    """What is not as the hearing left it: one exhibit, shown, admitted and in the bundle."""
    good = [one for one in found if one["ruling"] == "admitted" and one["in_bundle"]]
    if len(found) == len(good) == 1 and good[0]["shown_seconds"] > 0:
        return []
    return [f"one exhibit should be shown, admitted and in the bundle; found {found}"]


def verify(bundle: Path) -> dict[str, Any]:
    """Run the verifier that lies inside the bundle, as an outsider would."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(bundle) as archive:
            program = Path(archive.extract("verify.py", folder))
        done = subprocess.run(
            [sys.executable, str(program), str(bundle), "--json"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": ""},
        )
    if done.returncode == 2 or not done.stdout:
        error = (done.stdout + done.stderr)[-500:]
        return {"ok": False, "steps": [], "cosigned": 0, "error": error}
    found = json.loads(done.stdout)
    return {
        "ok": done.returncode == 0,
        "steps": found["steps"],
        "cosigned": found["witnesses"],
    }


def decode(bundle: Path, folder: Path) -> dict[str, Any]:
    """Decode every exported track strictly. Raises RuntimeError where a decoder complains."""
    with zipfile.ZipFile(bundle) as archive:
        manifest = json.loads(archive.read("bundle.json"))
        archive.extractall(folder)
    tracks, parts = sorted(folder.glob("tracks/*.webm")), sorted(folder.glob("media/*/*.webm"))
    with ThreadPoolExecutor(2) as pool:
        frames = sum(list(pool.map(_decode, tracks + parts))[: len(tracks)])
    segments = manifest["segments"]
    private = [gap for gap in manifest["gaps"] if gap["reason"] == "private"]
    return {
        "tracks": len(manifest["tracks"]),
        "seconds": round(max((item["end_ms"] for item in segments), default=0) / 1000, 1),
        "gaps": len(manifest["gaps"]),
        "frames_decoded": frames,
        "private_seconds_excluded": round(
            max((gap["end_ms"] - gap["start_ms"] for gap in private), default=0) / 1000, 1
        ),
    }


def _decode(path: Path) -> int:
    """Frames of a file, audio or video, that ffprobe and a strict decode accept in silence."""
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", path],
        capture_output=True,
        text=True,
        check=False,
    )
    run = subprocess.run(
        ["ffmpeg", "-v", "error", "-xerror", "-nostdin", "-i", str(path)]  # noqa: RUF005
        + ["-f", "null", "-progress", "pipe:1", "-"],
        capture_output=True,
        text=True,
        check=False,
    )
    noise = probe.stderr + run.stderr
    if probe.returncode or run.returncode or noise.strip() or not probe.stdout.strip():
        raise RuntimeError(f"{path.name} does not decode: {noise[:500]}")
    counts = re.findall(r"^frame=(\d+)", run.stdout, re.MULTILINE)
    return int(counts[-1]) if counts else 0
