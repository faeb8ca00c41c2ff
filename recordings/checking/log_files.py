"""Checks of files of the log: a checkpoint, a proof, an extract. In a process of their own."""

import json
from pathlib import Path
from typing import Any

from audit import leaf as leaves
from audit import proof as proofs
from audit import tree
from audit.checkpoint import Checkpoint
from audit.errors import AuditError, LeafError, NoteError
from audit.proof import Proof
from recordings.checking import signed as signatures
from recordings.checking.finding import Finding, Step
from recordings.checking.kind import CHECKPOINT, EXTRACT, PROOF, Trust
from recordings.checking.signed import OURS, Signed

MAX_CHECKPOINT = 64 * 1024
MAX_LINE = 256 * 1024
MAX_LEAVES = 100_000


def check_checkpoint(path: Path, trust: Trust) -> Finding:
    """Signed by this house's key, and by which witnesses."""
    with path.open("rb") as file:
        data = file.read(MAX_CHECKPOINT + 1)
    if len(data) > MAX_CHECKPOINT:
        return Finding(CHECKPOINT.code, unusable="too_long")
    found = signatures.read(data, trust)
    return _finding(CHECKPOINT.code, [], found, ["leaves_unseen"])


def check_proof(path: Path, trust: Trust) -> Finding:
    """The entry is under the checkpoint, which this house's key signed."""
    with path.open("rb") as file:
        data = file.read(proofs.MAX_BYTES + 1)
    try:
        proof = proofs.parse(data)
    except NoteError as error:
        return Finding(PROOF.code, (Step("form", False, str(error)),))
    steps = [Step("form", True)]
    facts: dict[str, str | int] = {"index": proof.index}
    if not proof.entry:
        steps.append(Step("inclusion", None, "the file does not hold the entry"))
    else:
        steps.append(_included(proof))
        facts |= _told(proof.entry)
    found = signatures.read(proof.checkpoint, trust)
    missing = ["meaning"] if proof.entry else ["no_entry"]
    return _finding(PROOF.code, steps, found, missing, facts)


def _included(proof: Proof) -> Step:
    try:
        size = proof.check().size
    except (AuditError, ValueError) as error:
        return Step("inclusion", False, str(error))
    return Step("inclusion", True, f"leaf {proof.index} of {size}")


def _told(entry: bytes) -> dict[str, str | int]:
    """What a leaf says, as far as it is one of ours."""
    try:
        found = leaves.decode(entry)
    except LeafError:
        return {}
    told: dict[str, str | int] = {"type": found.type, "at": leaves.format_time(found.at)}
    return told | ({"subject": found.subject} if found.subject else {})


def check_extract(path: Path, trust: Trust) -> Finding:
    """Each line of an export (auth/audit_reading) is under its checkpoint. One line in memory."""
    found = Signed("malformed", None)
    count, problem = 0, ""
    with path.open("rb") as file:
        head = _object(file.readline(MAX_LINE))
        note = head.get("checkpoint")
        if not isinstance(note, str):
            return Finding(EXTRACT.code, (Step("form", False, "no checkpoint at its head"),))
        found = signatures.read(note, trust)
        stated = head.get("leaves")
        while not problem and (line := file.readline(MAX_LINE)):
            problem = _line(line, found.checkpoint, count)
            count += 1
            if count > MAX_LEAVES:
                problem = f"more than {MAX_LEAVES} leaves"
    steps = [Step("inclusion", not problem, problem or f"{count} leaves")]
    whole = stated == count
    steps.append(Step("count", whole, "" if whole else f"{stated!s:.20} were exported"))
    return _finding(EXTRACT.code, steps, found, ["selection"], {"leaves": count})


def _line(line: bytes, checkpoint: Checkpoint | None, number: int) -> str:
    """What is wrong with a line; empty when it holds."""
    value = _object(line)
    index, entry, path = value.get("index"), value.get("entry"), value.get("proof")
    if checkpoint is None or type(index) is not int or not isinstance(entry, str):
        return f"line {number + 1} is malformed"
    if not isinstance(path, list) or len(path) > proofs.MAX_PATH:
        return f"line {number + 1} has no proof"
    try:
        hashes = [bytes.fromhex(item) for item in path]
        leaf = tree.leaf_hash(entry.encode())
        tree.verify_inclusion(leaf, index, checkpoint.size, hashes, checkpoint.root)
    except (AuditError, ValueError, TypeError) as error:
        return f"leaf {index}: {error}"
    return ""


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _finding(
    kind: str,
    steps: list[Step],
    found: Signed,
    missing: list[str],
    facts: dict[str, str | int] | None = None,
) -> Finding:
    steps = [*steps, *found.steps]
    ours = found.whose == OURS and found.checkpoint is not None
    note = found.checkpoint.note if ours and found.checkpoint else ""
    told = found.facts | (facts or {})
    return Finding(kind, tuple(steps), "", (*found.not_checked, *missing), told, note)
