"""A real PostgreSQL of our own: made in a temporary folder, on a free port, stopped at the end."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.demo.server import free_port

FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")


def _programs() -> Path:
    found = shutil.which("postgres")
    if found and (Path(found).resolve().parent / "initdb").exists():
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        raise RuntimeError("PostgreSQL is missing: sh tools/test_programs.sh postgresql")
    return folders[-1]


def _as_server_user(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    if os.getuid() != 0:
        return command
    return ["runuser", "-u", "postgres", "--", *command]


@contextmanager
def running() -> Iterator[str]:
    """Yields a SQLAlchemy URL without a database name: postgresql+asyncpg://test@127.0.0.1:port"""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="mahdar-pg-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        subprocess.run(
            _as_server_user(
                [
                    str(programs / "initdb"),
                    f"--pgdata={data}",
                    "--username=test",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                ]
            ),
            check=True,
            capture_output=True,
            cwd=folder,
        )
        port = free_port()
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder)]
        command += ["-h", "127.0.0.1", *(part for item in FAST for part in ("-c", item))]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                _as_server_user(command), stdout=log, stderr=log, cwd=folder, start_new_session=True
            )
        try:
            _wait(programs, port, server)
            yield f"postgresql+asyncpg://test@127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGINT)  # "fast" shutdown
            server.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(programs: Path, port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        ready = subprocess.run(
            [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)], check=False
        )
        if ready.returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start")
