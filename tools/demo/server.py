"""The real server as a process of its own: `mahdar serve` in demo mode on a free port.

Used by `mahdar demo` and by the tests that kill it.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

from settings import ROOT


class Server:
    """A served product. `start`, `kill` (no goodbye) and `stop` may alternate; state stays."""

    def __init__(self, folder: Path, port: int, **environment: str) -> None:
        self.folder = folder
        self.port = port
        self.address = f"http://localhost:{port}"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("MAHDAR_")},
            "MAHDAR_MODE": "demo",
            "MAHDAR_DEMO_SITTINGS": "no",
            "MAHDAR_IDENTITY_STAND_IN": "no",
            "MAHDAR_DATA_DIR": str(folder),
            "MAHDAR_MEDIA_HOSTS": "127.0.0.1",
            "PORT": str(port),
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, deadline: float = 60) -> None:
        """Returns when the server answers; raises RuntimeError with its output when it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "cli.py"), "serve"],
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        end = time.monotonic() + deadline
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (URLError, OSError):
                time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"the server did not start:\n{self.log()[-4000:]}")

    def log(self) -> str:
        """All that the server has printed so far."""
        return (self.folder / "server.log").read_text("utf-8", "replace")

    def kill(self) -> None:
        """kill -9, the whole process group: nobody gets to say goodbye."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the server to end, as an operator does."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        try:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
        except ProcessLookupError:
            pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)
        self.process = None


def free_port() -> int:
    """A TCP port on the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
