"""The process that looks at an uploaded file: started for one file, killed when it takes too long.

It is hostile input that is read here, so the process has no secret in its environment, opens no
database, and holds itself to limits before it reads a byte. Standard input: one JSON object;
standard output: a Finding as JSON.
"""

import json
import resource
import sys
from importlib import import_module
from pathlib import Path

from recordings.checking.finding import Finding
from recordings.checking.kind import Trust

CPU_S = 100
MEMORY_BYTES = 1 << 30
"""Of addresses, not of pages in use: Python and its libraries take about 100 MB of it."""
OPEN_FILES = 32


def limit(cpu_s: int, memory_bytes: int) -> None:
    """Hold this process to its limits; none of them can be raised again."""
    for name, value in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(name, (value, value))


def run(kind: str, check: str, path: Path, trust: Trust) -> Finding:
    """Call the check of a kind. Whatever hostile input causes is a finding."""
    module, _, function = check.partition(":")
    try:
        found: Finding = getattr(import_module(module), function)(path, trust)
    except MemoryError:
        return Finding(kind, unusable="memory")
    except Exception as error:
        return Finding(kind, unusable="unreadable", facts={"why": type(error).__name__})
    return found


def main() -> None:
    """Read the task, hold to the limits, check, answer."""
    task = json.loads(sys.stdin.readline())
    limit(task["cpu_s"], task["memory_bytes"])
    given = task["trust"]
    trust = Trust(given["vkey"], tuple(given["witnesses"]), given["roots"], given["signers"])
    found = run(task["kind"], task["check"], Path(task["path"]), trust)
    print(json.dumps(found.encode()))


if __name__ == "__main__":
    main()
