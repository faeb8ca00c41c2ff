"""The type checker refuses a recorder in a private space before anything runs."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
from signaling.engine import HearingSpace, MediaRoom, PrivateSpace, Recorder

def record(room: MediaRoom, recorder: Recorder) -> None:
    room.attach({space}, recorder)
"""


def check(tmp_path: Path, space: str) -> subprocess.CompletedProcess[str]:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(space=space))
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    command += ["--cache-dir", str(tmp_path / "cache"), str(program)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_hearing_space_is_accepted(tmp_path: Path) -> None:
    result = check(tmp_path, 'HearingSpace("s")')
    assert result.returncode == 0, result.stdout


def test_private_space_is_refused(tmp_path: Path) -> None:
    result = check(tmp_path, 'PrivateSpace("s", "p", frozenset())')
    assert result.returncode == 1
    assert 'has incompatible type "PrivateSpace"; expected "HearingSpace"' in result.stdout
