"""The soak in five minutes: 200 joins and leaves, forced wraps, everything back to where it was.

Shortened against `python -m tools.soak --hours 8`: time alone, so that numbers wrap once (forced)
and not every seven minutes. Times are judged in the long form only.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(600)
def test_five_minutes_of_coming_and_going_leaves_nothing_behind() -> None:
    command = [sys.executable, "-m", "tools.soak", "--minutes", "5", "--untimed"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
