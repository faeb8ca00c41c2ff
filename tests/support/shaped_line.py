"""A line that the kernel shapes: a network namespace of its own behind a pair of virtual Ethernet
devices, with `tc tbf` (a rate and a queue) on the way in. Needs root, iproute2 and the kernel's
`sch_tbf`; `why_not` says what is missing. (`netem` is not counted on.)
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

NET = "10.213.47"
HERE, THERE = f"{NET}.1", f"{NET}.2"
CLONE_NEWNET = 0x40000000


class Shaped:
    """The line. Sockets made within `there` are on its far side."""

    def __init__(self, name: str) -> None:
        self._name, self._near, self._far = name, f"{name}a", f"{name}b"

    def open(self) -> None:
        """Make it, without any limit. Raises CalledProcessError."""
        run("ip", "netns", "add", self._name)
        run("ip", "link", "add", self._near, "type", "veth", "peer", "name", self._far)
        run("ip", "link", "set", self._far, "netns", self._name)
        run("ip", "addr", "add", f"{HERE}/24", "dev", self._near)
        run("ip", "link", "set", self._near, "up")
        run("ip", "-n", self._name, "addr", "add", f"{THERE}/24", "dev", self._far)
        run("ip", "-n", self._name, "link", "set", self._far, "up")

    def limit(self, kbits: int) -> None:
        """Carry so many kilobits a second; 300 ms of it may queue. Raises CalledProcessError."""
        shape = ("rate", f"{kbits}kbit", "burst", "3000", "latency", "300ms")
        run("tc", "qdisc", "replace", "dev", self._near, "root", "tbf", *shape)

    def free(self) -> None:
        """Carry everything again."""
        run("tc", "qdisc", "del", "dev", self._near, "root")

    @contextmanager
    def there(self) -> Iterator[None]:
        """This thread is on the far side."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self._name}") as far:
            if libc.setns(far.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            try:
                yield
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)

    def close(self) -> None:
        """Remove everything. Idempotent."""
        for command in (("ip", "link", "del", self._near), ("ip", "netns", "del", self._name)):
            subprocess.run(command, check=False, capture_output=True)


def run(*command: str) -> None:
    """Raises CalledProcessError."""
    subprocess.run(command, check=True, capture_output=True)


def why_not() -> str:
    """Why there is no such line on this machine; empty when there is one."""
    if os.geteuid() != 0:
        return "not root"
    missing = [name for name in ("ip", "tc") if shutil.which(name) is None]
    if missing:
        return f"not installed: {missing[0]}"
    trial = Shaped(f"t{os.getpid()}"[:12])
    try:
        trial.open()
        trial.limit(1000)
        with trial.there():
            pass
    except (subprocess.CalledProcessError, OSError) as error:
        said = error.stderr.decode() if isinstance(error, subprocess.CalledProcessError) else error
        return f"the kernel refuses: {said}"
    finally:
        trial.close()
    return ""
