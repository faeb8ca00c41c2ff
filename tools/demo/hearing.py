"""A whole criminal hearing that holds itself: book, lobby, admit, on record, exhibit, private
consultation, witness called, recess, adjourn, export, verify.

Every step goes through the pages that people use, in headless Chromium with fake devices, against
a server of its own. `run` leaves the bundle, the server's data and `report.json` in a folder.
"""

import asyncio
import contextlib
import re
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Error, Page, async_playwright
from rich.console import Console

from tools.chromium import DEVICES, QUIET, executable
from tools.demo import evidence
from tools.demo.papers import letter
from tools.demo.participant import Participant
from tools.demo.report import fault, tell, write
from tools.demo.server import Server, free_port

ZONE = ZoneInfo("Asia/Dubai")
PRIVATE_S = 4.0
"""How long counsel and client confer; long enough to be seen as missing from the record."""
SPEECH_S = 3.0
"""How long each stretch on record lasts beyond the acts in it."""


@dataclass
class Hearing:
    """The people of the demo and what they know."""

    browser: Browser
    server: Server
    console: Console
    script: str = ""
    people: dict[str, Participant] = field(default_factory=dict)
    sitting: str = ""
    case_number: str = ""
    guest_link: str = ""
    started: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """One line of progress with the seconds since the start."""
        self.console.print(f"[dim]{time.monotonic() - self.started:5.1f} s[/]  {text}")

    async def person(self, role: str, username: str = "", language: str = "en") -> Participant:
        """A new participant, signed in when there is an account."""
        person = await Participant.create(
            self.browser, role, self.server.address, self.script, language
        )
        self.people[role] = person
        if username:
            await person.sign_in(username)
        return person


SMALL_CAMERA = Path(__file__).with_name("small_camera.js").read_text("utf-8")


@asynccontextmanager
async def prepared(
    out: Path,
    console: Console,
    script: str = SMALL_CAMERA,
    before: Callable[[Server], Awaitable[None]] | None = None,
    **environment: str,
) -> AsyncIterator[Hearing]:
    """A served product with an empty database, and a browser.

    `script` runs in every participant's page before its own; `before` runs before the server does;
    `environment` adds settings.
    """
    data = out / "server"
    shutil.rmtree(data, ignore_errors=True)
    server = Server(data, free_port(), **environment)
    if before is not None:
        await before(server)
    await asyncio.to_thread(server.start)
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=executable(), args=[*QUIET, *DEVICES]
            )
            hearing = Hearing(browser, server, console, script)
            try:
                yield hearing
            except Exception:
                await _picture(hearing, out)
                raise
            finally:
                await browser.close()
    finally:
        await asyncio.to_thread(server.stop)


async def run(
    out: Path, console: Console, scenario: str = "hearing", **environment: str
) -> dict[str, Any]:
    """Hold the hearing; returns the report that is also written to `out`/report.json."""
    out.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {
        "scenario": scenario,
        "ok": False,
        "participants": [],
        "recording": {},
        "bundle": "",
        "verify": {"ok": False, "steps": []},
        "proof": {"verified_seconds": 0.0, "alarms": []},
        "witness": {"cosigned": 0},
        "exhibits": [],
        "errors": [],
    }
    try:
        async with prepared(out, console, SMALL_CAMERA, None, **environment) as hearing:
            await _hold(hearing)
            await _measure(hearing, report)
            bundle = out / "bundle.zip"
            hearing.say("export the evidence bundle")
            await evidence.export(hearing.server, hearing.sitting, bundle)
            hearing.say("verify it, decode every track")
            report["bundle"] = str(bundle)
            report["recording"], report["verify"] = await asyncio.to_thread(
                evidence.examine, bundle
            )
            report["proof"] = await asyncio.to_thread(evidence.proof, bundle)
            report["witness"] = {"cosigned": report["verify"].pop("cosigned")}
            report["exhibits"] = await asyncio.to_thread(evidence.exhibits, bundle)
            report["errors"] += evidence.wrong_exhibits(report["exhibits"])
            hearing.say("done")
            report["errors"] += [error for one in hearing.people.values() for error in one.errors]
    except Exception as error:
        fault(report, error)
    report["ok"] = bool(report["verify"]["ok"]) and not report["errors"]
    path = await write(out, report)
    _summary(report, console)
    tell(console, report, f"{report['bundle'] or 'no bundle'}; report: {path}")
    return report


async def _picture(hearing: Hearing, out: Path) -> None:
    """What everybody saw when it went wrong."""
    for role, person in hearing.people.items():
        with contextlib.suppress(Error):
            await person.page.screenshot(path=out / f"failed-{role}.png")


async def _hold(hearing: Hearing) -> None:
    await book(hearing)
    await gather_people(hearing)
    await open_and_admit(hearing)
    await on_record(hearing, "going on record: every track is written and decoded first")
    await proceedings(hearing)
    await exhibit(hearing)
    await consult(hearing)
    await call_witness(hearing)
    await take_recess(hearing)
    await on_record(hearing, "on record again")
    await asyncio.sleep(SPEECH_S)
    await adjourn(hearing)


async def book(hearing: Hearing) -> None:
    """The clerk books a criminal hearing with a detained accused and a witness by invitation."""
    clerk = await hearing.person("clerk", "clerk")
    page = clerk.page
    hearing.say("the clerk books a criminal hearing with a detained accused")
    await page.goto(f"{clerk.address}/en/sittings/book")
    start = _next_slot()
    hearing.case_number = f"2026/{start:%H%M}7"
    await page.select_option("[name=kind]", "criminal_hearing")
    await page.fill("[name=case_number]", hearing.case_number)
    await page.fill("[name=case_title]", "Public Prosecution v. Hamdan Saif Al Ketbi")
    await page.select_option("[name=offence]", "misdemeanour")
    await page.fill("[name=date]", f"{start:%Y-%m-%d}")
    await page.fill("[name=time]", f"{start:%H:%M}")
    await choose(page, "seat_judge_person", "Khalid")
    await choose(page, "seat_clerk_person", "Maryam")
    await choose(page, "seat_prosecutor_person", "Sultan")
    await page.select_option("[name=seat_p0_role]", "accused")
    await page.fill("[name=seat_p0_name_ar]", "حمدان سيف الكتبي")
    await page.fill("[name=seat_p0_name_en]", "Hamdan Saif Al Ketbi")
    await page.fill("[name=seat_p0_identity_number]", "784-1991-2223334-5")
    await choose(page, "seat_p0_room", "Video room")
    await choose(page, "seat_p0lawyer_person", "Layla")
    await page.select_option("[name=seat_o0_role]", "witness")
    await page.fill("[name=seat_o0_name_ar]", "بيتر دسوزا")
    await page.fill("[name=seat_o0_name_en]", "Peter D'Souza")
    await page.fill("[name=seat_o0_identity_number]", "784-1980-5556667-1")
    await page.get_by_role("button", name="Book the sitting").last.click()
    await page.wait_for_url(re.compile(r"/sittings/[0-9a-f]{8,}$"))
    hearing.sitting = page.url.rsplit("/", 1)[1]
    await page.get_by_role("button", name="Make a link").click()
    hearing.guest_link = await page.locator("#invitation-link").input_value()


async def choose(page: Page, name: str, text: str) -> None:
    """Select the option whose words hold `text`."""
    option = page.locator(f"select[name={name}] option", has_text=text).first
    await page.select_option(f"select[name={name}]", await option.get_attribute("value"))


def _next_slot() -> datetime:
    now = datetime.now(ZONE)
    start = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    return start + timedelta(minutes=5)


async def gather_people(hearing: Hearing) -> None:
    """Everybody comes to the lobby; the witness by the link, without an account."""
    hearing.say("judge, counsel, facility officer and witness come to the lobby")

    async def come(role: str, username: str) -> None:
        person = await hearing.person(role, username)
        await person.enter(hearing.sitting)

    async def come_as_guest() -> None:
        guest = await hearing.person("witness")
        await guest.page.goto(hearing.guest_link.replace("/ar/", "/en/"))
        await guest.page.locator("main form button[type=submit]").click()
        await guest.page.wait_for_url(re.compile("/sittings/"))
        await guest.enter(hearing.sitting)

    await asyncio.gather(
        hearing.people["clerk"].enter(hearing.sitting),
        come("judge", "judge"),
        come("counsel", "lawyer"),
        come("accused", "officer"),
        come_as_guest(),
    )


async def open_and_admit(hearing: Hearing) -> None:
    """The officer attests, the judge opens, the clerk checks the witness and admits the rest."""
    people = hearing.people
    hearing.say("the officer attests the accused")
    await people["accused"].press("Attest")
    dialog = people["accused"].page.locator("dialog[open]")
    await dialog.locator("[name=identity]").check()
    await dialog.locator("[name=restraints_off]").check()
    await people["accused"].confirm("State this to the court", others="one officer")
    hearing.say("the judge opens the sitting")
    await people["judge"].press("Open the sitting")
    await people["clerk"].phase_is("roll_call")
    hearing.say("the clerk checks the witness's identity and admits everybody else")
    clerk = people["clerk"]
    witness = clerk.page.locator(".seat", has_text="D'Souza")
    await clerk.press("Identity", witness)
    dialog = clerk.page.locator("dialog[open]")
    await dialog.locator("[name=result][value=verified]").check()
    await clerk.confirm("Write to the record", last4="6671")
    await clerk.press("Admit all")
    await asyncio.gather(*(people[role].place_is("hearing") for role in ("counsel", "accused")))
    await people["witness"].place_is("witness_room")


async def on_record(hearing: Hearing, words: str, host: str = "judge", *others: str) -> None:
    """Answered only when the first second of every track was written and decoded. A machine that is
    too slow to prove it is asked again, as a host would."""
    hearing.say(words)
    for _attempt in range(4):
        with contextlib.suppress(Error):  # no button: it is on record, or it is being proved
            await hearing.people[host].press("Go on record")
        with contextlib.suppress(Error):
            await hearing.people[host].phase_is("on_record")
            break
    told = (host, *(others or ("clerk", "counsel")))
    await asyncio.gather(*(hearing.people[role].phase_is("on_record") for role in told))


async def proceedings(hearing: Hearing) -> None:
    """Agenda, a log note, the floor."""
    hearing.say("the charge is read; the clerk writes a log note")
    clerk = hearing.people["clerk"]
    await clerk.page.get_by_role("tab", name="Notes").click()
    await clerk.page.locator("[name=note]").fill("The charge was read to the accused.")
    await clerk.press("Add note")
    await clerk.page.get_by_role("tab", name="People").click()
    await asyncio.sleep(SPEECH_S)


async def exhibit(hearing: Hearing) -> None:
    """Counsel files a letter in the room, the clerk shows it to everybody, the judge admits it."""
    hearing.say("counsel files an exhibit; the clerk shows it, the judge admits it in evidence")
    people = hearing.people
    counsel, clerk, judge = people["counsel"], people["clerk"], people["judge"]
    await counsel.page.get_by_role("tab", name="Exhibits").click()
    panel = counsel.page.locator(".exhibit-form")
    await panel.locator("summary").click()
    await panel.locator("[name=title]").fill("Letter of employment")
    file = {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": letter()}
    await panel.locator("[name=file]").set_input_files(file)  # type: ignore[arg-type]
    await counsel.press("File it", panel)
    for one in (clerk, judge):
        await one.page.get_by_role("tab", name="Exhibits").click()
    await clerk.press("Show", clerk.page.locator(".exhibit", has_text="D-1"))
    for role in ("judge", "counsel", "accused"):
        page = people[role].page.locator(".exhibit-image")
        await page.evaluate("image => image.decode()")  # raises where it is no picture
    await judge.press("Admit in evidence", judge.page.locator(".exhibit", has_text="D-1"))
    await counsel.page.locator(".exhibit", has_text="Admitted").wait_for()
    await asyncio.sleep(SPEECH_S)
    await clerk.press("Take away", clerk.page.locator(".exhibit", has_text="D-1"))
    await counsel.page.locator(".exhibit-image").wait_for(state="detached")
    for one in (counsel, clerk, judge):
        await one.page.get_by_role("tab", name="People").click()


async def _confer() -> None:
    await asyncio.sleep(PRIVATE_S)


async def consult(hearing: Hearing, inside: Callable[[], Awaitable[None]] = _confer) -> None:
    """Counsel and client step out; nothing of it is forwarded elsewhere or recorded.

    `inside` is what they do while the private room is open.
    """
    counsel, accused = hearing.people["counsel"], hearing.people["accused"]
    hearing.say("counsel asks for a private consultation; the officer steps out of earshot")
    await counsel.press("Private talk")
    await counsel.confirm("Invite")
    await accused.press("Accept")
    await accused.press("I am out of earshot")
    await asyncio.gather(counsel.place_is("private"), accused.place_is("private"))
    hearing.say("they confer in private")
    await inside()
    await counsel.press("Return to the sitting")
    await asyncio.gather(counsel.place_is("hearing"), accused.place_is("hearing"))


async def call_witness(hearing: Hearing) -> None:
    """The witness, who heard nothing so far, is called in."""
    hearing.say("the witness is called")
    clerk, witness = hearing.people["clerk"], hearing.people["witness"]
    await clerk.press("Call", clerk.page.locator(".seat", has_text="D'Souza"))
    await witness.place_is("hearing")
    await asyncio.sleep(SPEECH_S)


async def take_recess(hearing: Hearing) -> None:
    """Nobody hears anybody, nothing is recorded."""
    hearing.say("recess")
    judge = hearing.people["judge"]
    await judge.press("Recess")
    await judge.confirm("Start the recess", minutes="5")
    await hearing.people["counsel"].phase_is("recess")
    await asyncio.sleep(1)
    await judge.press("Resume the sitting")
    await hearing.people["counsel"].phase_is("off_record")


async def adjourn(hearing: Hearing) -> None:
    """To a date, with a reason. Ends the sitting and seals its record."""
    hearing.say("the judge adjourns")
    judge = hearing.people["judge"]
    to = (datetime.now(ZONE) + timedelta(days=14)).strftime("%Y-%m-%dT10:00")
    await judge.press("More")
    await judge.press("Adjourn")
    await judge.confirm("Adjourn", to=to, reason="To hear the witnesses of the defence.")
    await hearing.people["clerk"].phase_is("adjourned")


async def _measure(hearing: Hearing, report: dict[str, Any]) -> None:
    for role, person in hearing.people.items():
        marks = await person.marks()
        report["participants"].append({"role": role, **marks})
        if marks["first_frame_ms"] < 0 or marks["first_audio_ms"] < 0:
            report["errors"].append(f"{role} received no picture or no sound")


def _summary(report: dict[str, Any], console: Console) -> None:
    recording = report["recording"]
    if recording:
        console.print(
            f"{recording['tracks']} tracks, {recording['seconds']} s, {recording['gaps']} gaps, "
            f"{recording['frames_decoded']} frames decoded, "
            f"{recording['private_seconds_excluded']} s of private talk left out"
        )
        console.print(
            f"{report['proof']['verified_seconds']} s decoded while on record, "
            f"{len(report['proof']['alarms'])} alarms; "
            f"{report['witness']['cosigned']} witnesses cosigned"
        )
    for one in report["exhibits"]:
        console.print(
            f"exhibit {one['mark']}: shown for {one['shown_seconds']} s, {one['ruling']}, "
            f"{'in the bundle' if one['in_bundle'] else 'not in the bundle'}"
        )
