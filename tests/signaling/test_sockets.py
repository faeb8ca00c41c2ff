"""The sockets: limits, order, tickets, and a page that does not read."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from quart import Quart
from quart.testing.connections import WebsocketDisconnectError, WebsocketResponseError

import signaling.web
from signaling import connection, kit, live_socket, outbox
from signaling import messages as m
from signaling.engine import PrivateSpace, SlotsChanged, TrackId
from signaling.outbox import Outbox
from signaling.rate import Bucket
from tests.auth.house import ADDRESS, Browser
from tests.signaling.fakes import line
from tests.signaling.world import World

ORIGIN = {"Origin": ADDRESS}


@pytest.fixture
def app(world: World) -> Quart:
    app = world.house.app()
    signaling.web.init_app(app, world.live, world.house.settings)
    return app


class Page:
    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def send(self, message: dict[str, Any] | str) -> None:
        await self.socket.send(message if isinstance(message, str) else json.dumps(message))

    async def next(self, *types: str) -> dict[str, Any]:
        """The next message of one of these types."""
        while True:
            found: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.receive(), 10))
            if not types or found["type"] in types:
                return found

    async def code(self) -> int:
        """The code with which the server closes."""
        while True:
            try:
                await asyncio.wait_for(self.socket.receive(), 10)
            except WebsocketDisconnectError as closed:
                return int(closed.args[0])


@asynccontextmanager
async def open_socket(
    app: Quart, path: str = "/live/ws", headers: dict[str, str] | None = None
) -> AsyncIterator[Page]:
    client = app.test_client()
    async with client.websocket(path, headers=ORIGIN if headers is None else headers) as socket:
        yield Page(socket)


async def hello(world: World, seat: str = "judge", client: str = "") -> dict[str, Any]:
    ticket = await world.ticket(seat)
    return {"type": "hello", "v": 1, "ticket": ticket, "client": client or f"page-{seat}"}


class TestComingIn:
    async def test_hello_and_a_command(self, app: Quart, world: World) -> None:
        async with open_socket(app) as page:
            await page.send(await hello(world))
            assert (await page.next())["type"] == "welcome"
            await page.send({"type": "hand", "raised": True, "id": "7"})
            assert await page.next("ok") == {"type": "ok", "id": "7"}
            await page.send({"type": "ping", "t": 5})
            assert await page.next("pong") == {"type": "pong", "t": 5}

    async def test_another_origin(self, app: Quart, world: World) -> None:
        for headers in ({"Origin": "https://evil.example"}, {}, {"Origin": "null"}):
            with pytest.raises(WebsocketResponseError) as refused:
                async with open_socket(app, headers=headers) as page:
                    await page.next()
            assert refused.value.response.status_code == 403

    async def test_nobody_says_hello(
        self, app: Quart, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live_socket, "HELLO_WITHIN", 0.05)
        async with open_socket(app) as page:
            assert (await page.next("bye"))["reason"] == "no_hello"
            assert await page.code() == 4408

    async def test_out_of_order(self, app: Quart, world: World) -> None:
        async with open_socket(app) as page:
            await page.send({"type": "open", "id": "1"})
            refused = await page.next()
            assert (refused["code"], refused["id"]) == ("protocol.hello_first", "1")
            await page.send(await hello(world))
            assert (await page.next())["type"] == "welcome"

    async def test_hello_twice(self, app: Quart, world: World) -> None:
        async with open_socket(app) as page:
            await page.send(await hello(world))
            await page.next("welcome")
            await page.send(await hello(world))
            assert (await page.next("refused"))["code"] == "protocol.hello_twice"

    async def test_replayed_ticket(self, app: Quart, world: World) -> None:
        message = await hello(world)
        async with open_socket(app) as page:
            await page.send(message)
            await page.next("welcome")
        async with open_socket(app) as page:
            await page.send(message)
            assert (await page.next())["code"] == "ticket.used"
            assert await page.code() == 4401

    async def test_expired_ticket(self, app: Quart, world: World) -> None:
        message = await hello(world)
        world.clock.advance(61)
        async with open_socket(app) as page:
            await page.send(message)
            assert (await page.next())["code"] == "ticket.expired"
            assert await page.code() == 4401

    async def test_forged_ticket(self, app: Quart, world: World) -> None:
        message = await hello(world)
        head, body, signature = message["ticket"].split(".")
        message["ticket"] = f"{head}.{body}.{signature[::-1]}"
        async with open_socket(app) as page:
            await page.send(message)
            assert (await page.next())["code"] == "ticket.not_ours"
            assert await page.code() == 4401

    async def test_sitting_is_over(self, app: Quart, world: World) -> None:
        message = await hello(world, "clerk")
        judge = await world.come("judge")
        await judge.ok(m.Open())
        await judge.ok(m.Close())
        async with open_socket(app) as page:
            await page.send(message)
            assert (await page.next())["reason"] in ("closed", "ticket")
            assert await page.code() in (4410, 4401)


class TestLimits:
    async def test_third_malformed_message_in_a_row(self, app: Quart, world: World) -> None:
        async with open_socket(app) as page:
            await page.send(await hello(world))
            await page.next("welcome")
            for text in ('{"type":"hand"}', "nonsense", '{"type":"hand","raised":true,"id":"1"}'):
                await page.send(text)
            assert (await page.next("refused"))["code"] == "protocol.malformed"
            assert (await page.next("ok"))["id"] == "1"
            for text in ("[]", "{}", '{"type":"no","id":"2"}'):
                await page.send(text)
            assert (await page.next("bye"))["reason"] == "protocol"
            assert await page.code() == 4400

    async def test_oversized(self, app: Quart, world: World) -> None:
        async with open_socket(app) as page:
            await page.send(await hello(world))
            await page.next("welcome")
            await page.send({"type": "note", "text": "x" * 70_000, "id": "3"})
            refused = await page.next("refused")
            assert (refused["code"], refused["id"]) == ("protocol.too_large", "3")

    async def test_too_many(self, app: Quart, world: World) -> None:
        async with open_socket(app) as page:
            await page.send(await hello(world))
            await page.next("welcome")
            for number in range(200):
                await page.send({"type": "ping", "t": number})
            assert (await page.next("bye"))["reason"] == "too_many"
            assert await page.code() == 4429

    async def test_repeated_command_is_harmless(self, app: Quart, world: World) -> None:
        async with open_socket(app) as page:
            await page.send(await hello(world))
            await page.next("welcome")
            for id in ("1", "1"):
                await page.send({"type": "open", "id": id})
            assert (await page.next("ok", "refused"))["type"] == "ok"
            second = await page.next("ok", "refused")
            assert second["code"] == "sitting.wrong_phase"

    async def test_unauthorised_command(self, app: Quart, world: World) -> None:
        async with open_socket(app) as page:
            await page.send(await hello(world, "prosecutor"))
            await page.next("welcome")
            await page.send({"type": "open", "id": "1"})
            assert (await page.next("refused"))["code"] == "policy.not_host"

    async def test_silent_socket(
        self, app: Quart, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection, "SILENT_AFTER", 0.05)
        async with open_socket(app) as page:
            await page.send(await hello(world))
            await page.next("welcome")
            assert (await page.next("bye"))["reason"] == "too_slow"
            assert await page.code() == 4411

    async def test_second_page_takes_the_seat(self, app: Quart, world: World) -> None:
        async with open_socket(app) as first:
            await first.send(await hello(world, client="page-one"))
            await first.next("welcome")
            async with open_socket(app) as second:
                await second.send(await hello(world, client="page-two"))
                await second.next("welcome")
                assert (await first.next("bye"))["reason"] == "taken_over"
                assert await first.code() == 4409


class TestOutbox:
    async def test_a_page_that_does_not_read_is_dropped(self) -> None:
        box = Outbox()
        for number in range(outbox.LIMIT + 1):
            box.send({"type": "event", "n": number})
        written: list[str] = []

        async def write(text: str) -> None:
            written.append(text)

        assert await box.pump(write) == 4411
        assert written == []

    async def test_a_write_that_hangs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(outbox, "SEND_WITHIN", 0.01)
        box = Outbox()
        box.send({"type": "event"})

        async def write(_text: str) -> None:
            await asyncio.Event().wait()

        assert await box.pump(write) == 4411

    async def test_only_the_newest_state_waits(self) -> None:
        box = Outbox()
        for version in range(1000):
            box.send({"type": "state", "state": {"version": version}})
        box.send({"type": "ok"})
        box.close(1000)
        written: list[dict[str, Any]] = []

        async def write(text: str) -> None:
            written.append(json.loads(text))

        assert await box.pump(write) == 1000
        assert written == [{"type": "state", "state": {"version": 999}}, {"type": "ok"}]

    async def test_nothing_after_close(self) -> None:
        box = Outbox()
        box.close(4403)
        box.send({"type": "event"})
        box.close(1000)

        async def write(_text: str) -> None:
            raise AssertionError

        assert await box.pump(write) == 4403


def test_bucket() -> None:
    bucket = Bucket(10, 2, 0.0)
    assert [bucket.take(0.0), bucket.take(0.0), bucket.take(0.0)] == [True, True, False]
    assert bucket.take(0.1)
    assert not bucket.take(0.1)


class TestTicketApi:
    async def test_ticket(self, app: Quart, world: World) -> None:
        browser = Browser(app)
        await browser.sign_in("judge")
        await browser.get("/en/account")
        response = await browser.client.post(
            "/api/live/sitting1/ticket", json={}, headers={"X-CSRF-Token": browser.token}
        )
        found = await response.get_json()
        assert response.status_code == 200, found
        assert found["seat"] == "judge"
        assert found["ice"] == []
        async with open_socket(app) as page:
            await page.send(
                {"type": "hello", "v": 1, "ticket": found["ticket"], "client": "page-one"}
            )
            assert (await page.next())["you"] == "judge"

    async def test_refusals(self, app: Quart, world: World) -> None:
        browser = Browser(app)
        await browser.sign_in("lawyer")
        await browser.get("/en/account")

        async def ask(sitting: str, body: Any, token: str = browser.token) -> tuple[int, str]:
            response = await browser.client.post(
                f"/api/live/{sitting}/ticket", json=body, headers={"X-CSRF-Token": token}
            )
            return response.status_code, (await response.get_json())["code"]

        assert await ask("sitting1", {"seat": "judge"}) == (403, "policy.not_your_seat")
        assert (await ask("nowhere", {}))[0] == 404
        assert await ask("sitting1", {"seat": 5}) == (400, "ticket.malformed")
        assert await ask("sitting1", [1]) == (400, "ticket.malformed")
        assert (await ask("sitting1", {}, "forged"))[0] == 403

    async def test_signed_out(self, app: Quart, world: World) -> None:
        browser = Browser(app)
        await browser.get("/en/login")
        response = await browser.client.post(
            "/api/live/sitting1/ticket", json={}, headers={"X-CSRF-Token": browser.token}
        )
        assert response.status_code == 401


class TestPages:
    async def test_room(self, app: Quart, world: World) -> None:
        browser = Browser(app)
        await browser.sign_in("officer")
        text = await browser.sees("/en/sittings/sitting1/room")
        assert 'data-seat="accused"' in text

    async def test_room_of_others(self, app: Quart, world: World) -> None:
        browser = Browser(app)
        await browser.sign_in("respondent")
        assert (await browser.get("/en/sittings/sitting1/room")).status_code in (403, 404)


class TestKit:
    async def signed_in(self, app: Quart) -> dict[str, str]:
        browser = Browser(app)
        await browser.sign_in("judge")
        jar = getattr(browser.client, "cookie_jar", ())
        return {**ORIGIN, "Cookie": "; ".join(f"{one.name}={one.value}" for one in jar)}

    async def test_one_meets_oneself(
        self, app: Quart, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kit, "MEASURE_EVERY", 0.02)
        headers = await self.signed_in(app)
        async with open_socket(app, "/live/kit", headers) as page:
            assert (await page.next())["type"] == "kit_ready"
            await page.send({"type": "publish", "connection": "a", "sdp": "v=0", "id": "1"})
            assert (await page.next("ok"))["sdp"] == "v=0 answer"
            await page.send({"type": "subscribe", "connection": "b", "id": "2"})
            assert (await page.next("ok"))["sdp"] == "v=0 offer"
            await page.send({"type": "answer", "connection": "b", "sdp": "v=0", "id": "3"})
            await page.next("ok")
            await page.send({"type": "open", "id": "4"})
            assert (await page.next("refused"))["code"] == "protocol.not_here"
            [(name, media)] = world.engine.rooms.items()
            assert name.startswith("kit:")
            assert set(media.spaces) == {"out", "back"}
            assert all(isinstance(space, PrivateSpace) for space in media.spaces.values())
            media.lines["out"] = media.lines["back"] = line(loss=0.05)
            media.on_event(SlotsChanged("back", "b", {"a0": TrackId("out", "microphone")}))
            assert (await page.next("slots"))["connection"] == "b"
            while not (measured := await page.next("kit_line"))["connected"]:
                pass
            assert measured["loss_up"] == 0.05
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        assert media.closed

    async def test_strangers(self, app: Quart, world: World) -> None:
        with pytest.raises(WebsocketResponseError) as refused:
            async with open_socket(app, "/live/kit") as page:
                await page.next()
        assert refused.value.response.status_code == 401

    async def test_too_many_checks(
        self, app: Quart, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kit, "AT_ONCE", 0)
        headers = await self.signed_in(app)
        async with open_socket(app, "/live/kit", headers) as page:
            assert (await page.next())["reason"] == "busy"
            assert await page.code() == 4429

    async def test_time_is_over(
        self, app: Quart, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kit, "MEASURE_EVERY", 0.001)
        monkeypatch.setattr(kit, "SECONDS", 0.005)
        headers = await self.signed_in(app)
        async with open_socket(app, "/live/kit", headers) as page:
            assert (await page.next("bye"))["reason"] == "time_over"
            assert await page.code() == 1000
