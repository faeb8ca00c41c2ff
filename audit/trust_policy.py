"""Whom to trust about the log, as a file for tools (C2SP tlog-policy)."""

from collections.abc import Sequence

QUORUM = "witnesses"


def encode(vkey: str, address: str, witnesses: Sequence[str]) -> str:
    """The policy: this log at `address`, cosigned by most of `witnesses` (verifier keys).

    It says what this operator publishes. Whoever relies on it takes the keys from elsewhere too.
    """
    lines = [
        "# What the operator of this log publishes about it. Compare the keys with those that",
        "# you have from elsewhere: the court's website, a paper certificate, the witness itself.",
        f"log {vkey} {address}".rstrip(),
    ]
    names = [f"w{number}" for number in range(1, len(witnesses) + 1)]
    lines += [f"witness {name} {key}" for name, key in zip(names, sorted(witnesses), strict=True)]
    if names:
        most = len(names) // 2 + 1
        lines += [f"group {QUORUM} {most} {' '.join(names)}", f"quorum {QUORUM}"]
    else:
        lines.append("quorum none")
    return "\n".join(lines) + "\n"
