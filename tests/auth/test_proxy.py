"""Whose address a request comes from behind proxies of ours."""

from typing import Any

import pytest

from auth.web_proxy import behind, client, with_client
from settings import SettingsError, load

OURS = ("10.0.0.0/8", "2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),  # the first anybody may write
        ("10.0.0.1", ["203.0.113.9", "10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], "nonsense"),  # in no network, so refused where one is asked for
        ("10.0.0.1", ["10.0.0.3", "10.0.0.2"], "10.0.0.3"),
    ],
)
def test_the_nearest_address_that_is_not_ours(peer: str, forwarded: list[str], found: str) -> None:
    assert client(OURS, peer, forwarded) == found


def test_a_stranger_is_not_believed() -> None:
    headers = [(b"x-forwarded-for", b"192.0.2.7")]
    assert with_client({"client": ("203.0.113.5", 1), "headers": headers}, OURS)["client"] == (
        "203.0.113.5",
        1,
    )
    mine = with_client({"client": ("10.1.1.1", 1), "headers": headers}, OURS)
    assert mine["client"] == ("192.0.2.7", 0)
    several = [(b"X-Forwarded-For", b"1.1.1.1"), (b"x-forwarded-for", b"[2001:db9::1]:443")]
    assert with_client({"client": ("10.1.1.1", 1), "headers": several}, OURS)["client"] == (
        "2001:db9::1",
        0,
    )


async def test_sockets_and_requests_alike() -> None:
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope.get("client"))

    assert behind((), app) is app
    wrapped = behind(OURS, app)
    headers = [(b"x-forwarded-for", b"192.0.2.7:1234")]
    for type in ("http", "websocket"):
        await wrapped({"type": type, "client": ("10.0.0.1", 1), "headers": headers}, None, None)
    await wrapped({"type": "lifespan"}, None, None)
    assert seen == [("192.0.2.7", 0), ("192.0.2.7", 0), None]


def test_the_settings_say_networks() -> None:
    found = load({"MAHDAR_MODE": "demo", "MAHDAR_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1"})
    assert found.trusted_proxies == ("10.0.0.0/8", "192.0.2.1/32")
    with pytest.raises(SettingsError):
        load({"MAHDAR_MODE": "demo", "MAHDAR_TRUSTED_PROXIES": "the proxy"})


def test_production_demands_devices() -> None:
    assert not load({"MAHDAR_MODE": "demo"}).devices_demanded
    assert load({"MAHDAR_KEY_PASSPHRASE": "x"}).devices_demanded
    given = {"MAHDAR_KEY_PASSPHRASE": "x", "MAHDAR_ROOM_DEVICES": "optional"}
    assert not load(given).devices_demanded
    assert load({"MAHDAR_MODE": "demo", "MAHDAR_ROOM_DEVICES": "demanded"}).devices_demanded
    with pytest.raises(SettingsError):
        load({"MAHDAR_MODE": "demo", "MAHDAR_ROOM_DEVICES": "yes"})
