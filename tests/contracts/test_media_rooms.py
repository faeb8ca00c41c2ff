"""Whatever implements `MediaRoom` has all of it, with the same arguments; so do the workers."""

import inspect
from typing import Any

import pytest

from signaling.aiortc_engine import AiortcEngine
from signaling.engine import MediaEngine, MediaRoom
from signaling.media_room import ForwardingRoom
from signaling.worker import METHODS
from signaling.worker_pool import WorkerPool
from signaling.worker_room import WorkerRoom
from tests.signaling.fakes import FakeEngine, FakeMediaRoom


def methods(protocol: type) -> dict[str, Any]:
    return {
        name: item
        for name, item in vars(protocol).items()
        if inspect.isfunction(item) and not name.startswith("_")
    }


@pytest.mark.parametrize("room", [ForwardingRoom, WorkerRoom, FakeMediaRoom])
def test_every_room_has_every_method(room: type) -> None:
    for name, wanted in methods(MediaRoom).items():
        found = getattr(room, name, None)
        assert found is not None, f"{room.__name__} lacks {name}: add its line"
        assert list(inspect.signature(found).parameters) == list(
            inspect.signature(wanted).parameters
        ), name
        assert inspect.iscoroutinefunction(found) == inspect.iscoroutinefunction(wanted), name


@pytest.mark.parametrize("engine", [AiortcEngine, WorkerPool, FakeEngine])
def test_every_engine_has_every_method(engine: type) -> None:
    for name, wanted in methods(MediaEngine).items():
        found = getattr(engine, name, None)
        assert found is not None, f"{engine.__name__} lacks {name}"
        assert list(inspect.signature(found).parameters) == list(
            inspect.signature(wanted).parameters
        ), name


def test_a_worker_takes_every_method() -> None:
    assert methods(MediaRoom).keys() == METHODS
