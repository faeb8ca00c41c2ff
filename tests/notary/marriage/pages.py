"""A house with its pages, and the demo's people of a marriage in browsers without scripts."""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pikepdf
from argon2 import PasswordHasher
from quart import Quart
from werkzeug.datastructures import FileStorage

import app as root
import migrate
from auth.password import Passwords
from notary.marriage.file import File
from sessions import demo
from settings import Settings
from tests.auth.house import Browser
from tests.notary.marriage.sample import DAY, PACK
from tests.support.clock import SettableClock

IMPEDIMENTS = (
    *PACK.rule("R-MR-08", DAY).value["permanent"],
    *PACK.rule("R-MR-08", DAY).value["temporary"],
)


def pdf() -> bytes:
    """A small real PDF."""
    file, made = io.BytesIO(), pikepdf.new()
    made.add_blank_page()
    made.save(file)
    return file.getvalue()


PDF = pdf()


def typed(today: date) -> dict[str, dict[str, str]]:
    """What a couple types, page by page, so that every gate of Sharia is passed."""

    def identity(part: str, number: str, **more: str) -> dict[str, str]:
        values = {
            "name_ar": "اسم", "name_en": "Name", "born": "1990-05-01",
            "document": "emirates_id", "number": number, "capable": "yes",
        } | more  # fmt: skip
        return {f"{part}.{name}": value for name, value in values.items()}

    man = {"sex": "male", "religion": "muslim", "nationality": "JO"}
    lives = {"residence": "DU", "work": "DU"}
    return {
        "track": {
            "track": "sharia_federal", "court": "DU",
            **{f"{part}.{name}": value for part in ("groom", "bride") for name, value in
               {"religion": "muslim", "nationality": "JO", "resident": "yes"}.items()},
        },
        "people": {
            **identity("groom", "784-1990-1111111-1", **lives),
            **identity("bride", "784-1997-2222222-2", **lives),
            **identity("witness_1", "784-1990-4444444-4", relation_to_bride="brother", **man),
            **identity("witness_2", "784-1991-5555555-5", relation_to_bride="none", **man),
        },
        "status": {"status.groom": "single", "existing_wives": "0", "status.bride": "single"},
        "guardian": {
            "guardianship.relation": "father",
            **identity("guardian", "784-1965-3333333-3", resident="yes", **lives, **man),
        },
        "terms": {
            "dower.prompt": "10000", "dower.prompt_received": "yes", "dower.deferred": "20,000",
            "dower.due_event": "death_or_divorce", "conditions.groom.none": "1",
            "conditions.bride": "إكمال الدراسة",
        },
        "impediments": {f"impediments.{code}": "no" for code in IMPEDIMENTS},
        "papers": {
            f"medical.{part}.{name}": value for part in ("groom", "bride") for name, value in
            {"number": f"MC-{part}", "issued": today.isoformat(), "outcome": "fit"}.items()
        },
    }  # fmt: skip


UPLOADS = (
    "identity.groom", "identity.bride", "identity.guardian", "identity.witness_1",
    "identity.witness_2", "medical.groom", "medical.bride",
)  # fmt: skip


@dataclass
class Town:
    """The running house and its browsers."""

    house: root.House
    app: Quart
    clock: SettableClock
    browsers: dict[str, Browser] = field(default_factory=dict)

    async def who(self, name: str) -> Browser:
        if name not in self.browsers:
            browser = self.browsers[name] = Browser(self.app)
            await browser.sign_in(name)
            await browser.get("/en/account")
        return self.browsers[name]

    @property
    def today(self) -> date:
        return self.house.marriages.core.today()

    async def get(self, name: str, path: str) -> str:
        response = await (await self.who(name)).get(f"/en{path}")
        assert response.status_code == 200, (path, response.status_code)
        text: str = await response.get_data(as_text=True)
        return text

    async def post(self, name: str, path: str, form: dict[str, Any] | None = None) -> Any:
        return await (await self.who(name)).post(f"/en{path}", form or {})

    async def code(self, name: str, path: str, form: dict[str, Any] | None = None) -> str:
        """The refusal's code, as a program gets it."""
        browser = await self.who(name)
        response = await browser.client.post(
            f"/en{path}" if not path.startswith("/api") else path,
            headers={"Accept": "application/json", "X-CSRF-Token": browser.token},
            **({"json": form or {}} if path.startswith("/api") else {"form": form or {}}),
        )
        text = await response.get_data(as_text=True)
        if text.startswith("{"):
            return str(json.loads(text).get("code", ""))
        return text.split('data-code="')[1].split('"')[0] if 'data-code="' in text else ""

    async def api(self, name: str, path: str, body: dict[str, Any]) -> Any:
        browser = await self.who(name)
        return await browser.client.post(
            path, json=body, headers={"X-CSRF-Token": browser.token, "Accept": "application/json"}
        )

    async def begin(self) -> str:
        made = await self.post("groom", "/marriages", {"part": "groom"})
        assert made.status_code == 303
        return str(made.headers["Location"]).split("/")[3]

    async def join(self, id: str, part: str, name: str) -> Any:
        page = await self.post("groom", f"/marriages/{id}/invite", {"part": part})
        text = await page.get_data(as_text=True)
        token = re.search(r"/marriages/join/([\w-]+)\"", text)
        assert token is not None, text
        await self.get(name, f"/marriages/join/{token[1]}")
        return await self.post(name, f"/marriages/join/{token[1]}")

    async def save(self, name: str, id: str, page: str, **changes: str) -> Any:
        """Open a page, change fields, and send the whole form back."""
        form = self.fields(await self.get(name, f"/marriages/{id}/{page}"))
        return await self.post(name, f"/marriages/{id}/{page}", form | changes)

    def fields(self, html: str) -> dict[str, str]:
        """What a page's form holds (the hidden `before` has every field)."""
        found = re.search(r'name="before" value="([^"]*)"', html)
        assert found is not None
        before = unescape(found[1])
        return {**{k: v for k, v in json.loads(before).items() if v}, "before": before}

    async def upload(self, name: str, id: str, what: str, data: bytes = PDF) -> Any:
        browser = await self.who(name)
        return await browser.client.post(
            f"/en/marriages/{id}/uploads",
            form={"csrf_token": browser.token, "what": what},
            files={"file": FileStorage(io.BytesIO(data), f"{what}.pdf")},
        )

    async def file(self, id: str) -> File:
        people = self.house.marriages
        async with self.house.database.unit(write=False) as session:
            from notary.marriage import store

            found = await store.get(session, people.core.secret, id)
        assert found is not None
        return found

    async def gather(self) -> str:
        """A filled draft in which everybody has a part and the guardian agreed."""
        id = await self.begin()
        for part, name in (
            ("bride", "bride"), ("guardian", "guardian"),
            ("witness_1", "witness1"), ("witness_2", "witness2"),
        ):  # fmt: skip
            assert (await self.join(id, part, name)).status_code == 303
        for number, (page, values) in enumerate(typed(self.today).items()):
            who = ("groom", "bride")[number % 2]
            answer = await self.save(who, id, page, **values)
            assert answer.status_code == 303, (page, await answer.get_data(as_text=True))
        for what in UPLOADS:
            assert (await self.upload("bride", id, what)).status_code == 303, what
        await self.post("guardian", f"/marriages/{id}/answer", {"consents": "yes"})
        return id

    async def submitted(self) -> str:
        id = await self.gather()
        sent = await self.post("bride", f"/marriages/{id}/submit")
        assert sent.status_code == 303, await sent.get_data(as_text=True)
        return id

    async def accept(self, id: str) -> None:
        done = await self.api("family_judge", f"/api/marriages/{id}/approve", {})
        assert done.status_code == 200, await done.get_data(as_text=True)

    async def pay(self, id: str) -> None:
        asked = await self.post("groom", f"/marriages/{id}/pay", {"delivery": "collect"})
        assert asked.status_code == 303
        done = await self.post("groom", f"/marriages/{id}/stand-in")
        assert done.status_code == 303, await done.get_data(as_text=True)

    async def book(self, id: str) -> None:
        slot = (await self.slots(id))[0]
        form = {"slot": slot, "relation_to_groom": "none", "relation_to_bride": "none"}
        answer = await self.post("bride", f"/marriages/{id}/book", form)
        assert answer.status_code == 303, await answer.get_data(as_text=True)

    async def approved(self) -> str:
        id = await self.submitted()
        await self.accept(id)
        return id

    async def paid(self) -> str:
        id = await self.approved()
        await self.pay(id)
        return id

    async def slots(self, id: str) -> list[str]:
        html = await self.get("groom", f"/marriages/{id}")
        return [unescape(one) for one in re.findall(r'<option value="([^" ]+ [^"]+T[^"]+)"', html)]


@asynccontextmanager
async def running(folder: Path, clock: SettableClock) -> AsyncIterator[Town]:
    """A house in `folder` with the demo's people."""
    settings = Settings(mode="demo", data_dir=folder)
    await asyncio.to_thread(migrate.upgrade, settings.database)
    house = root.House(settings, clock)
    await house.open()
    house.accounts._passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    await demo.seed_house(settings, house.database, house.accounts, house.rooms)
    sequencer = asyncio.create_task(house.log.run())
    try:
        yield Town(house, root.create_app(house), clock)
    finally:
        await house.live.close()
        await house.engine.close()
        sequencer.cancel()
        await asyncio.gather(sequencer, return_exceptions=True)
        await house.close()
