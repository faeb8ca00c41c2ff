"""A log that was tampered with while the server was down: it must not go on."""

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from settings import ROOT
from tools.demo.server import Server, free_port

pytestmark = pytest.mark.timeout(120)


def test_a_truncated_log_ends_the_server(tmp_path: Path) -> None:
    server = Server(tmp_path, free_port())
    server.start()
    server.stop()
    with contextlib.closing(sqlite3.connect(tmp_path / "mahdar.db")) as database, database:
        cut = 'DELETE FROM audit_leaves WHERE "index" = (SELECT max("index") FROM audit_leaves)'
        assert database.execute(cut).rowcount == 1

    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "serve"],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "audit.sequencer_ended" in done.stdout + done.stderr
