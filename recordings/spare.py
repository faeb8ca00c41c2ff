"""A vault with a second copy in another place, kept by a thread of its own (`MAHDAR_VAULT_SPARE`).

Every segment's bytes go to both. Whatever the spare does, even hang, does not hold up the first:
it is written behind, from a bounded queue. When the first takes nothing any more (full, read-only,
gone), the segment goes on in the spare, whose fsync is then waited for, and the next segment tries
the first again. A first that hangs is an alarm like any other: nobody knows what it took.
"""

import contextlib
import errno
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import structlog

from recordings.vault import RawFile, Vault, digest
from sessions.alarm import Alarm

BEHIND = 64 * 1024 * 1024
"""Bytes that may wait for the spare: half a minute of twelve people."""
HANGS_S = 3.0
"""A spare that takes so long over one step has failed."""
SYNC_WITHIN_S = 10.0

_logger = structlog.get_logger(__name__)


class _Copier:
    """The thread that writes the second copy. `put` never waits."""

    def __init__(self) -> None:
        self._steps: deque[tuple[Callable[[], None], int]] = deque()
        self._wake = threading.Event()
        self._waiting = 0
        self._began = 0.0
        self._thread: threading.Thread | None = None

    def put(self, step: Callable[[], None], size: int = 0) -> bool:
        """Do this after what was put before; False where too much waits already."""
        if self._waiting + size > BEHIND:
            return False
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="recorder-spare", daemon=True)
            self._thread.start()
        self._waiting += size
        self._steps.append((step, size))
        self._wake.set()
        return True

    @property
    def hangs(self) -> bool:
        """One step takes for ever."""
        return self._began > 0 and time.monotonic() - self._began > HANGS_S

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._steps:
                step, size = self._steps.popleft()
                self._began = time.monotonic()
                step()  # never raises
                self._began = 0.0
                self._waiting -= size


class _Copy:
    """One segment in the spare. Calls come from the writer's threads and return at once."""

    def __init__(self, vault: "TwinVault", path: Path) -> None:
        self._vault = vault
        self._path = path
        self._file: RawFile | None = None
        self.failed = False
        self._later(self._create)

    def write(self, data: bytes) -> bool:
        """False where the copy is not whole any more."""
        return self._later(lambda: _write_all(self._open, data), len(data))

    def truncate(self, size: int) -> None:
        self._later(lambda: self._open.truncate(size))

    def sync(self, *, wait: bool) -> None:
        """Raises OSError where `wait` and it did not come about."""
        done = threading.Event()

        def step() -> None:
            self._open.sync()
            done.set()

        queued = self._later(step)
        if wait and not (queued and done.wait(SYNC_WITHIN_S)):
            raise OSError(errno.EIO, "the spare does not sync")

    def close(self) -> None:
        self._vault.copier.put(self._close)

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        if not self.failed:
            self._vault.spare_failed = False

    @property
    def _open(self) -> RawFile:
        if self._file is None:
            raise OSError(errno.EIO, "the copy is not open")
        return self._file

    def _create(self) -> None:
        self._file = self._vault.spare.create(self._path)

    def _later(self, act: Callable[[], object], size: int = 0) -> bool:
        def step() -> None:
            if self.failed:
                return
            try:
                act()
            except (OSError, ValueError) as error:
                self._fail(str(error))

        if not self.failed and not self._vault.copier.put(step, size):
            self._fail("too much waits for the spare")
        return not self.failed

    def _fail(self, why: str) -> None:
        self.failed = True
        if not self._vault.spare_failed:
            _logger.error("spare.failed", error=why)
        self._vault.spare_failed = True


class TwinFile:
    """A segment in both places."""

    def __init__(self, vault: "TwinVault", path: Path, first: RawFile | None, copy: _Copy) -> None:
        self._vault, self._path, self._first, self._copy = vault, path, first, copy

    def write(self, data: memoryview, /) -> int:
        """All of it. Raises OSError where neither place takes it."""
        copied = self._copy.write(bytes(data))
        if self._first is not None:
            try:
                _write_all(self._first, data)
            except OSError as error:
                if not copied:
                    raise
                self._lose_first(error)
        elif not copied:
            raise OSError(errno.EIO, "neither the vault nor its spare can be written")
        return len(data)

    def truncate(self, size: int, /) -> None:
        """Both."""
        self._copy.truncate(size)
        if self._first is not None:
            self._first.truncate(size)

    def sync(self) -> None:
        """The first; where that is lost, the copy."""
        first = self._first
        if first is not None:
            try:
                first.sync()
            except OSError as error:
                if self._copy.failed:
                    raise
                self._lose_first(error)
        self._copy.sync(wait=self._first is None)

    def close(self) -> None:
        """Both."""
        self._copy.close()
        first, self._first = self._first, None
        if first is not None:
            first.close()

    def _lose_first(self, error: OSError) -> None:
        _logger.error("spare.takes_over", error=error.strerror, errno=error.errno)
        first, self._first = self._first, None
        self._vault.lose_first(self._path)
        if first is not None:
            with contextlib.suppress(OSError):
                first.close()


class TwinVault(Vault):
    """The vault at `root` with a spare at `spare`."""

    def __init__(self, root: Path, spare: Path, min_free: int = 0) -> None:
        super().__init__(root)
        self.spare = Vault(spare)
        self.copier = _Copier()
        self.spare_failed = False
        self._min_free = min_free
        self._first_failed = False
        self._short: set[str] = set()
        self._lost: set[Path] = set()
        """Segments whose first copy is not whole."""

    def prepare(self) -> None:
        """Make both folders; one of the two will do."""
        try:
            super().prepare()
        except OSError:
            self._first_failed = True
        try:
            self.spare.prepare()
        except OSError:
            self.spare_failed = True
            if self._first_failed:
                raise

    def __reduce__(self) -> tuple[type["TwinVault"], tuple[Path, Path, int]]:
        """In another process, where it is read only."""
        return TwinVault, (self.root, self.spare.root, self._min_free)

    def erase(self, sitting: str) -> None:
        """In both places."""
        super().erase(sitting)
        self.spare.erase(sitting)

    def create(self, path: Path) -> RawFile:
        """Open a new segment in both. Raises OSError where neither takes it."""
        copy = _Copy(self, self._twin(path))
        first: RawFile | None = None
        try:
            first = super().create(path)
            self._first_failed = False
        except FileExistsError:
            raise
        except OSError:
            if self.spare_failed or self.copier.hangs:
                raise
            self.lose_first(path)
        return TwinFile(self, path, first, copy)

    def lose_first(self, path: Path) -> None:
        """The spare alone has this segment."""
        self._first_failed = True
        self._lost.add(path)

    def remove(self, path: Path) -> None:
        """Delete both copies."""
        twin = self._twin(path)
        self.copier.put(lambda: _forget(self.spare, twin))
        with contextlib.suppress(OSError) if path in self._lost else contextlib.nullcontext():
            super().remove(path)

    def set_aside(self, path: Path) -> None:
        """Both copies."""
        for copy in self.copies(path):
            super().set_aside(copy)

    def now_at(self, path: Path) -> Path:
        """Where a segment that is being written grows."""
        return self._twin(path) if path in self._lost else path

    def copies(self, path: Path) -> list[Path]:
        """Both copies, those that are there."""
        return [item for item in (path, self._twin(path)) if item.exists()]

    def tracks(self, sitting: str) -> list[str]:
        """Of both places."""
        return sorted({*super().tracks(sitting), *self.spare.tracks(sitting)})

    def numbers(self, sitting: str, track: str) -> list[int]:
        """Of both places."""
        return sorted({*super().numbers(sitting, track), *self.spare.numbers(sitting, track)})

    def damaged(self, sitting: str, track: str) -> list[int]:
        """Of both places."""
        return sorted({*super().damaged(sitting, track), *self.spare.damaged(sitting, track)})

    def sittings(self) -> list[str]:
        """Of both places."""
        return sorted({*super().sittings(), *self.spare.sittings()})

    def find(self, sitting: str, track: str, seq: int, sha256: str) -> Path:
        """The copy that is the one in the log; the first place where neither is."""
        path = self.path(sitting, track, seq)
        found = (item for item in self.copies(path) if digest(item) == sha256)
        return next(found, path)

    def free_bytes(self) -> int:
        """What the roomier place has left, so that the record goes on there."""
        free = {"first": _free(super().free_bytes), "spare": _free(self.spare.free_bytes)}
        self._short = {name for name, left in free.items() if left < self._min_free}
        return max(free.values())

    def faults(self) -> list[str]:
        """Codes of alarms that do not keep the record from being written."""
        found = []
        if self._first_failed or "first" in self._short:
            found.append(Alarm.FIRST_FAILED.value)
        if self.spare_failed or self.copier.hangs or "spare" in self._short:
            found.append(Alarm.SPARE_FAILED.value)
        return found

    def _twin(self, path: Path) -> Path:
        return self.spare.root / path.relative_to(self.root)


def open_vault(root: Path, spare: Path | None, min_free: int) -> Vault:
    """The vault of the settings."""
    return Vault(root) if spare is None else TwinVault(root, spare, min_free)


def _write_all(file: RawFile, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) or 0 :]


def _forget(vault: Vault, path: Path) -> None:
    with contextlib.suppress(OSError):
        vault.remove(path)


def _free(ask: Callable[[], int]) -> int:
    try:
        return ask()
    except OSError:
        return 0
