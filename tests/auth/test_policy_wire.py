"""Over the wire: whatever changes something, sent by everybody who may not, changes nothing.

Who may is in policy_routes.toml, not taken from the policy. Pages and API are asked as a program
asks them, so that a refusal carries its code.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from quart.testing.connections import WebsocketDisconnectError

from auth.demo import PASSWORD
from auth.devices import proof
from auth.devices.device import normal_code
from tests.auth import wire
from tests.auth.house import Browser
from tests.auth.wire import GUEST, SIGNED_OUT, Wire
from tests.support.room_device import SoftDevice

SEATED = {
    "judge",
    "clerk",
    "prosecutor",
    "lawyer",
    "interpreter",
    "witness",
    "officer",
    GUEST,
}
HOSTS = {"judge", "clerk"}
REFUSED = {401, 403, 404}
PROOFS = ("passkey.too_late", "passkey.refused", "device.proof")
CODES = (
    "policy.",
    "private.",
    "sitting.unknown",
    "seat.unknown",
    "invitation.other_sitting",
    "deed.unknown",
    "marriage.unknown",
    "exhibit.unknown",
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Wire]:
    async with wire.running(tmp_path) as running:
        yield running


def may(house: Wire, row: dict[str, Any]) -> set[str]:
    groups = {"seated": SEATED, "hosts": HOSTS, "accounts": set(house.people)}
    named = row.get("may", [])
    return groups[named] if isinstance(named, str) else set(named)


def mutating() -> list[tuple[str, dict[str, Any]]]:
    return [
        (method, route)
        for route in wire.read()["route"]
        for method in ("post", "put", "patch", "delete")
        if method in route and route[method] != "public"
    ]


# --- pages and API ------------------------------------------------------------------------------


async def test_no_address_obeys_who_may_not(house: Wire) -> None:
    for name in house.everybody:
        await house.browser(name)
    before = await house.dump()
    asked = 0
    for method, route in mutating():
        own = route[method] == "own"
        wrong = {SIGNED_OUT} if own else set(house.everybody) - may(house, route)
        assert wrong, route["rule"]
        for name in sorted(wrong):
            what = (name, method, route["rule"])
            status, code = await wire.call(
                house, house.browsers[name], route, method=method.upper()
            )
            assert status in REFUSED, (*what, status, code)
            assert code.startswith(CODES), (*what, status, code)
            if name == SIGNED_OUT:
                assert (status, code) == (401, "policy.signed_out"), what
            asked += 1
        assert await house.dump() == before, route["rule"]
    assert asked > 120


async def test_every_address_obeys_who_may(house: Wire) -> None:
    """The other half: the samples are good enough to be obeyed, so the refusals are the policy's.

    Each is asked by one who may, in the order of the file; what comes after the policy (a form
    that lacks something, a record that is not there yet) is not this test's business.
    """
    for method, route in mutating():
        allowed = may(house, route) or {"judge"}
        for name in sorted(allowed - {"admin"})[:1] or ["admin"]:
            browser = await house.browser(name)
            status, code = await wire.call(house, browser, route, method=method.upper())
            assert not code.startswith(CODES), (name, route["rule"], status, code)
            late = code in PROOFS  # a sample cannot prove anything
            assert late or status not in (401, 403), (name, route["rule"], status, code)
            assert status < 500, (name, route["rule"], status, code)
            if route["rule"].startswith(("/account/password", "/account/sign-out", "/step-up")):
                del house.browsers[name]  # signed out by it, or with a new token
                if route["rule"] == "/account/password":
                    route_back = {
                        "rule": route["rule"],
                        "form": {
                            "old_password": "another-long-one",
                            "new_password": PASSWORD,
                        },
                    }
                    await _with_password(house, name, "another-long-one", route_back)


async def _with_password(house: Wire, name: str, password: str, route: dict[str, Any]) -> None:
    browser = Browser(house.app)
    await browser.get("/en/login")
    await browser.post("/en/login", {"username": name, "password": password})
    await browser.get("/en/account")
    assert (await wire.call(house, browser, route))[0] == 303


# --- the socket ---------------------------------------------------------------------------------


class Page:
    """A page in the sitting, as far as this test needs one."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def next(self, *types: str) -> dict[str, Any]:
        while True:
            text = await asyncio.wait_for(self.socket.receive(), 10)
            found: dict[str, Any] = json.loads(text)
            if not types or found["type"] in types:
                return found

    async def ask(self, row: dict[str, Any], house: Wire) -> dict[str, Any]:
        await self.socket.send(
            json.dumps({"type": row["type"], "id": "1", **house.fill(row.get("body", {}))})
        )
        while (answer := await self.next("ok", "refused")).get("id") != "1":
            pass
        return answer


@asynccontextmanager
async def page(house: Wire, name: str) -> AsyncIterator[Page]:
    browser = await house.browser(name)
    status, ticket = await _ticket(house, name)
    assert status == 200, (name, ticket)
    origin = {"Origin": house.house.settings.address}
    async with browser.client.websocket("/live/ws", headers=origin) as socket:
        hello = {"type": "hello", "v": 1, "ticket": ticket["ticket"], "client": f"page-{name:_<8}"}
        await socket.send(json.dumps(hello))
        found = Page(socket)
        assert (await found.next())["type"] == "welcome"
        yield found


async def _ticket(house: Wire, name: str) -> tuple[int, dict[str, Any]]:
    browser = await house.browser(name)
    response = await browser.client.post(
        f"/api/live/{house.criminal.id}/ticket",
        json={},
        headers={"X-CSRF-Token": browser.token},
    )
    return response.status_code, await response.get_json()


async def test_no_message_obeys_who_may_not(house: Wire) -> None:
    asked = 0
    rows = [row for row in wire.read()["message"] if row["access"] != "transport"]
    async with page(house, "clerk") as clerk:
        assert (await clerk.ask({"type": "open"}, house))["type"] == "ok"
    for name in sorted(SEATED):
        async with page(house, name) as mine:
            before = await house.dump()
            for row in rows:
                if name in may(house, row):
                    continue
                answer = await mine.ask(row, house)
                assert answer["type"] == "refused", (name, row["type"], answer)
                assert answer["code"].startswith(CODES), (name, row["type"], answer)
                asked += 1
            assert await house.dump() == before, name
    assert asked > 150


async def test_nobody_comes_in_who_may_not(house: Wire) -> None:
    """Strangers to the sitting, an officer of another room, nobody: no ticket, so no socket."""
    for name in house.everybody:
        await house.browser(name)
    before = await house.dump()
    for name in sorted(set(house.everybody) - SEATED):
        status, answer = await _ticket(house, name)
        assert status in REFUSED, (name, status)
        assert answer["code"].startswith(CODES), (name, answer)
    assert await house.dump() == before


async def test_without_hello_no_message_is_obeyed(house: Wire) -> None:
    browser = await house.browser("clerk")  # a session alone opens nothing
    before = await house.dump()
    origin = {"Origin": house.house.settings.address}
    rows = [row for row in wire.read()["message"] if row["type"] not in ("hello", "ping", "pong")]
    async with browser.client.websocket("/live/ws", headers=origin) as socket:
        mine = Page(socket)
        for row in rows:
            await socket.send(
                json.dumps({"type": row["type"], "id": "1", **house.fill(row.get("body", {}))})
            )
            answer = await mine.next()
            assert answer["type"] == "refused", row["type"]
        forged = {"type": "hello", "v": 1, "ticket": "a.b.c", "client": "page-forged"}
        await socket.send(json.dumps(forged))
        assert (await mine.next("bye"))["reason"] == "ticket"
        with pytest.raises(WebsocketDisconnectError):
            await asyncio.wait_for(socket.receive(), 10)
    assert await house.dump() == before


async def test_a_judge_chooses_a_sitting_to_delegate_from_a_list(house: Wire) -> None:
    page = await (await house.browser("judge")).sees("/en/delegations")
    assert f'<option value="{house.ids["criminal"]}">' in page
    stranger = await (await house.browser("judge2")).sees("/en/delegations")
    assert house.ids["criminal"] not in stranger


async def test_devices_over_the_wire(house: Wire) -> None:
    """A room's device as its page speaks to us: enrolled, signed in, in another network, gone."""
    admin, officer = await house.browser("admin"), await house.browser("officer")
    devices = f"/en/admin/rooms/{house.ids['room']}/devices"
    page = await (await admin.post(devices, {"name": "Screen"})).get_data(as_text=True)
    code = re.search(r"<bdi[^>]*>([0-9A-Z]{4} [0-9A-Z]{4})</bdi>", page)
    assert code is not None
    device = SoftDevice(house.house.settings.address)

    async def api(who: Browser, path: str, body: Any, address: str) -> tuple[int, Any]:
        headers = {"X-CSRF-Token": who.token, "Accept": "application/json"}
        scope = {"client": (address, 1)}
        response = await who.client.post(
            f"/api/room-device{path}", json=body, headers=headers, scope_base=scope
        )
        return response.status_code, await response.get_json()

    def enrolment(origin: str) -> dict[str, str]:
        device.origin = origin
        signature = device.sign(proof.ENROL, "", normal_code(code[1]), device="")
        return {"code": code[1], "key": device.public, "signature": signature}

    stranger = Browser(house.app)
    await stranger.get("/en/device")
    good = enrolment(house.house.settings.address)
    for body, address, refused in (
        (good, "198.51.100.1", "device.network"),
        (enrolment("https://evil.example"), "192.0.2.7", "device.proof"),
        ({**good, "code": "0000 0000"}, "192.0.2.7", "device.proof"),
    ):
        status, found = await api(stranger, "", body, address)
        assert (status, found["code"]) == (403, refused)
    status, found = await api(stranger, "", good, "192.0.2.7")
    assert status == 200
    device.id = found["device"]
    status, found = await api(stranger, "", good, "192.0.2.7")
    assert (status, found["code"]) == (403, "device.code")  # once

    device.origin = house.house.settings.address
    path, body = "", {}
    for address, expected in (("198.51.100.1", 403), ("192.0.2.7", 200)):
        _, asked = await api(officer, "/challenge", {}, address)
        path = f"/challenge/{asked['id']}"
        signature = device.sign(proof.SIGN_IN, "", asked["challenge"])
        body = {"device": device.id, "signature": signature}
        status, found = await api(officer, path, body, address)
        assert status == expected, found
    status, found = await api(officer, path, body, "192.0.2.7")  # replayed
    assert (status, found["code"]) == (403, "device.proof")
    assert "Screen" in await officer.sees("/en/account")

    assert (await admin.post(f"{devices}/{device.id}/revoke")).status_code == 303
    answer = await officer.get("/en/account")
    assert answer.status_code == 303  # signed out
    assert "/login" in answer.headers["Location"]
