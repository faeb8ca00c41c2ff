"""An export of the log that proves itself: each leaf with its path to a signed checkpoint.

JSONL: a head `{"checkpoint","leaves","v"}`, then for each leaf `{"index","entry","proof"}` with the
entry as text, byte for byte as hashed. The page 'Verify' takes it. CSV has the same for people's
tables; its first row carries the checkpoint.
"""

import csv
import io
import json
from collections.abc import Sequence

from audit import leaf as leaves
from audit.checkpoint import Checkpoint
from audit.store import StoredLeaf

COLUMNS = ("index", "at", "type", "subject", "n", "data", "leaf_hash", "proof", "checkpoint")

Proven = Sequence[tuple[StoredLeaf, Sequence[bytes]]]


def jsonl(checkpoint: Checkpoint, found: Proven) -> bytes:
    """The export for programs."""
    lines = [json.dumps({"checkpoint": checkpoint.note, "leaves": len(found), "v": 1})]
    lines += [
        json.dumps(
            {
                "index": leaf.index,
                "entry": leaf.entry.decode(),
                "proof": [value.hex() for value in path],
            }
        )
        for leaf, path in found
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def table(checkpoint: Checkpoint, found: Proven) -> bytes:
    """The export for spreadsheets (RFC 4180)."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    note = checkpoint.note
    for stored, path in found:
        leaf = leaves.decode(stored.entry)
        writer.writerow(
            (
                stored.index,
                leaves.format_time(leaf.at),
                leaf.type,
                leaf.subject,
                "" if leaf.n is None else leaf.n,
                json.dumps(leaf.data, separators=(",", ":")),
                stored.hash.hex(),
                " ".join(value.hex() for value in path),
                note,
            )
        )
        note = ""
    return out.getvalue().encode()


FORMATS = {"jsonl": (jsonl, "application/jsonl"), "csv": (table, "text/csv; charset=utf-8")}
