"""All benchmarks, or one: python -m benchmarks [--suite NAME] [--quick] [--out FILE.json]."""

import argparse
import subprocess
import sys

SUITES = {
    "joining": "benchmarks.joining",
    "media": "benchmarks.forwarding",
    "vault": "benchmarks.vault",
    "film": "benchmarks.composite",
    "recording": "benchmarks.recording",
    "audit": "benchmarks.audit",
    "notary": "benchmarks.notary",
    "policy": "benchmarks.policy",
}
QUICK = {
    "joining": ["--count", "5"],
    "media": ["--quick"],
    "vault": ["--quick"],
    "notary": ["--documents", "4"],
    "film": ["--seconds", "30"],
    "recording": ["--seconds", "5"],
}

WITH = {"vault": ["film"]}
"""Suites that run with another: the composite film is a figure of the vault."""


def main() -> int:
    """Run one after another, each in a process of its own; the first failure's status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", choices=SUITES)
    parser.add_argument("--quick", action="store_true", help="shorter, less exact")
    parser.add_argument("--out", help="the rows of the suite `media` as JSON")
    given = parser.parse_args()
    if given.out and given.suite not in (None, "media"):
        parser.error("only the suite media writes rows")
    status = 0
    for name in [given.suite, *WITH.get(given.suite, [])] if given.suite else SUITES:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", SUITES[name]]
        command += QUICK.get(name, []) if given.quick else []
        command += ["--out", given.out] if given.out and name == "media" else []
        status = status or subprocess.run(command, check=False).returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
