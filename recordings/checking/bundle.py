"""Checks an uploaded evidence bundle with the stand-alone verifier. In a process of its own."""

from pathlib import Path

from cryptography.x509 import load_pem_x509_certificates

from audit import token as tokens
from audit.token import TokenRefused
from recordings import verify
from recordings.checking import signed as signatures
from recordings.checking.finding import Finding, Step
from recordings.checking.kind import BUNDLE, Trust
from recordings.checking.signed import OTHER, OURS, Signed
from recordings.verify import Archive, Failed

MOST_JSON = 32 << 20
"""Bytes of one JSON file that the page reads: what its process has memory for. On one's own machine
`verify.py` reads more (verify.MAX_JSON, MAX_LEAVES)."""
MOST_LEAVES = 128 << 20
MAX_SMALL = 1 << 20
"""Bytes of a file of the bundle that is read here: texts and a token."""


def check(path: Path, trust: Trust) -> Finding:
    """The steps of docs/evidence.md, then who cosigned and stamped it that this house knows."""
    if _is_large(path):
        return Finding(BUNDLE.code, unusable="large")
    note = _small(path, "checkpoint.txt")
    found = signatures.read(note, trust) if note else Signed("malformed", None)
    pinned = None if found.whose == OTHER else trust.vkey
    report = verify.verify(path, pinned)
    if report.status == verify.UNUSABLE:
        return Finding(BUNDLE.code, unusable="not_a_bundle", facts={"why": report.error})
    steps = [Step(step.name, step.ok, step.detail) for step in report.steps]
    missing = ["truth", "software", *found.not_checked]
    facts: dict[str, str | int] = {**found.facts, "leaves": report.leaves}
    facts |= {"segments": report.segments, "sitting": report.sitting[:64]}
    if report.copy:
        facts["copy"] = report.copy
    if report.destroyed:
        facts["destroyed"] = report.destroyed
    facts |= {f"withheld_{reason}": count for reason, count in report.withheld.items()}
    if report.exhibits:
        facts["exhibits"] = report.exhibits
    facts |= {f"exhibits_{reason}": count for reason, count in report.exhibits_withheld.items()}
    if found.whose == OURS:
        steps += [step for step in found.steps if step.code == "cosigned"]
        stamp, left = _stamp(path, trust)
        steps += stamp
        missing += left
    valid_here = found.whose == OURS and found.checkpoint is not None
    shown = found.checkpoint.note if valid_here and found.checkpoint else ""
    return Finding(BUNDLE.code, tuple(steps), "", tuple(missing), facts, shown)


def _stamp(path: Path, trust: Trust) -> tuple[list[Step], list[str]]:
    """The token's own signature, which verify.py leaves to openssl; and what stays open."""
    token = _small(path, verify.STAMPS + "token.tst")
    if not token:
        return [], ["no_stamp"]
    if not trust.roots:
        return [], ["stamp_roots"]
    roots = load_pem_x509_certificates(trust.roots.encode())
    try:
        at = tokens.check(token, _small(path, verify.STAMPS + "checkpoint.txt"), roots)
    except TokenRefused as error:
        return [Step("stamp", False, str(error))], []
    inside = b'"authority":"external"' not in _small(path, verify.STAMPS + "about.json")
    left = ["stamp_internal"] if inside else []
    return [Step("stamp", True, at.isoformat(timespec="seconds"))], left


def _is_large(path: Path) -> bool:
    """Whether a list or the log of this bundle is more than the page reads."""
    try:
        with path.open("rb") as file:
            entries = Archive.open(file).entries
    except (Failed, OSError, ValueError):
        return False  # the verifier says what is wrong with it
    return any(
        entry.size > (MOST_LEAVES if name.startswith("log/") else MOST_JSON)
        for name, entry in entries.items()
        if name.startswith("log/") or name.endswith((".json", ".txt"))
    )


def _small(path: Path, name: str) -> bytes:
    """A small file of the ZIP; empty when there is none that can be read."""
    try:
        with path.open("rb") as file:
            archive = Archive.open(file)
            return b"" if archive.size(name) > MAX_SMALL else archive.read(name)
    except (Failed, OSError, ValueError):
        return b""
