"""A marriage that contracts itself: lobby, private consent, one majlis, a drop-out between offer
and acceptance and its restart, six signatures, ratification, certificate.

Seven people in headless Chromium with fake devices, through the pages that people use. The file is
filled in and booked before (`marriage_file`), because an officiant is booked three days ahead.
`run` leaves `contract.pdf`, `certificate.pdf`, `bundle.zip` and `report.json`.
"""

import asyncio
import base64
import contextlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.async_api import Error, Locator, Page
from rich.console import Console

from auth.demo import PEOPLE as DEMO
from settings import ROOT
from tools.demo import evidence
from tools.demo.hearing import SMALL_CAMERA, Hearing, prepared
from tools.demo.marriage_file import PEOPLE
from tools.demo.participant import Participant
from tools.demo.report import fault, tell, write
from tools.demo.server import Server

PARTIES = tuple(name for name, *_rest in PEOPLE.values())
NUMBERS = {part.value: number for part, (_name, number, *_rest) in PEOPLE.items()}
NAMES = {part.value: name for part, (name, *_rest) in PEOPLE.items()}
PANEL = ".marriage-part"
LANGUAGE = "ar"
ON_TELEPHONE = "bride"
"""Whose pages are as narrow as a telephone's, from the lobby to the certificate."""
ANSWER = "نعم، برضاي واختياري."
"""What the bride writes in the private room; it stands in no record."""
SMALLER = SMALL_CAMERA.replace("320, height: 180, frameRate: 10", "160, height: 90, frameRate: 5")
"""Sound counts in a marriage; seven pictures share two cores with everything else."""
LONG_MS = 120_000
"""Seven browsers share two cores; a condition is awaited, never a time."""


async def run(out: Path, console: Console, scenario: str = "marriage") -> dict[str, Any]:
    """Contract the marriage; returns the report that is also written to `out`/report.json."""
    out.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {
        "scenario": scenario,
        "ok": False,
        "register": "",
        "gates": [],
        "steps": [],
        "restarts": 0,
        "signatures": {},
        "verify": {"ok": False, "steps": []},
        "errors": [],
    }
    try:
        async with prepared(out, console, SMALLER, lambda server: _booked(server, report)) as act:
            act.sitting, act.case_number = report.pop("sitting"), report.pop("marriage")
            await _contract(act, out, report)
            act.say("export the evidence bundle of the sitting and verify it")
            await evidence.export(act.server, act.sitting, out / "bundle.zip")
            report["verify"] = await asyncio.to_thread(evidence.verify, out / "bundle.zip")
            report["errors"] += [error for one in act.people.values() for error in one.errors]
        act.say("read the signatures with pdfsig")
        await asyncio.to_thread(_look, out, report)
    except Exception as error:
        fault(report, error)
    report["ok"] = (
        bool(report["verify"]["ok"])
        and report["restarts"] >= 1
        and all(found["ok"] for found in report["signatures"].values())
        and len(report["signatures"]) == 2
        and not report["errors"]
    )
    path = await write(out, report)
    tell(console, report, f"{report['register']}, {report['restarts']} restarts; {path}")
    return report


async def _booked(server: Server, report: dict[str, Any]) -> None:
    """Fill in and book the file, in a process of its own that thinks of ten days ago."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.demo.marriage_file", cwd=ROOT, env=server.environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, problems = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(problems.decode("utf-8", "replace")[-2000:])
    report |= json.loads(output.splitlines()[-1])


async def _contract(act: Hearing, out: Path, report: dict[str, Any]) -> None:
    done: list[str] = report["steps"]

    async def step(name: str, work: Any) -> None:
        await work
        done.append(name)

    await step("lobby", gather(act))
    await step("opened", open_marriage(act))
    await step("identities", verify_each(act))
    await step("consent_bride", consent_alone(act, "bride"))
    await step("consent_groom", consent(act, "groom"))
    await step("united", unite(act))
    await step("read", read(act))
    await step("offer", utter(act, "offer", "offered"))
    await step("dropped_and_restarted", drop_and_return(act, "witness2"))
    await step("offer_again", utter(act, "offer", "offered"))
    await step("acceptance", utter(act, "accept", "accepted"))
    await step("witnesses", confirm(act))
    await step("signed", sign(act))
    restarts = await _panel(act.people["officiant"]).get_attribute("data-restarts")
    report["restarts"] = int(restarts or 0)
    await step("closed", close(act))
    await step("ratified", ratify(act))
    await step("papers", papers(act, out, report))


# --- the room ------------------------------------------------------------------------------------


async def gather(act: Hearing) -> None:
    """Six people come to the lobby; the judge stays at the court's pages."""
    act.say("six people come by video; each waits alone in the lobby")
    for name in ("officiant", *PARTIES):
        person = await act.person(name, name, LANGUAGE)
        if name == ON_TELEPHONE:
            await person.page.set_viewport_size({"width": 390, "height": 844})
    for name in ("officiant", *PARTIES):
        await act.people[name].enter(act.sitting)


def _panel(person: Participant) -> Locator:
    return person.page.locator(PANEL)


def _section(person: Participant, part: str) -> Locator:
    return _panel(person).locator(f'[data-part="{part}"]')


async def _until(person: Participant, press: Locator, done: str) -> None:
    """Press a button of the panel until the panel shows `done`. What a slow machine may refuse (a
    line measured as too poor, a record that is suspended) is made good and pressed again."""
    for _attempt in range(30):
        try:
            if await press.count():
                await press.first.click(timeout=10_000)
            await person.page.wait_for_selector(done, state="attached", timeout=12_000)
            return
        except Error:
            await _on_record_again(person)
    told = await _panel(person).locator("[data-wrong]:visible").all_inner_texts()
    raise RuntimeError(f"{done} was never shown: {told}")


async def _on_record_again(person: Participant) -> None:
    """A machine that is too slow to prove its record suspends it; it is begun again."""
    if await person.page.locator('html[data-phase="tech_suspended"]').count():
        with contextlib.suppress(Error):
            await person.press("Go on record")
            await person.phase_is("on_record")


def _button(person: Participant, name: str, within: Locator | None = None) -> Locator:
    """The button with this word on it, in the person's panel."""
    return (within or _panel(person)).get_by_role("button", name=person.word(name), exact=True)


async def _tab(person: Participant, name: str) -> None:
    await person.page.get_by_role("tab", name=person.word(name)).click()


async def open_marriage(act: Hearing) -> None:
    """The officiant opens the room and the marriage: every gate is asked again."""
    officiant = act.people["officiant"]
    act.say("the officiant opens the sitting; every gate is asked again")
    await officiant.press("Open the sitting")
    await officiant.phase_is("roll_call")
    await _tab(officiant, "Marriage")
    await _panel(officiant).wait_for(timeout=LONG_MS)
    begin = _button(officiant, "Begin the marriage")
    await begin.wait_for(timeout=LONG_MS)
    await _until(officiant, begin, f'{PANEL}[data-stage="gathering"]')


async def verify_each(act: Hearing) -> None:
    """Face, document and file, one by one, while each waits alone."""
    officiant = act.people["officiant"]
    act.say("each is verified alone in the lobby")
    for part, number in NUMBERS.items():
        section = _section(officiant, part)
        done = f'{PANEL} [data-part="{part}"]:not(:has([name="last4"])):has(.icon)'
        for _attempt in range(8):
            last4 = section.locator("[name=last4]")
            await last4.fill("".join(char for char in number if char.isdigit())[-4:])
            await _button(officiant, "Verified", section).click()
            try:
                await officiant.page.wait_for_selector(done, state="attached", timeout=12_000)
                break
            except Error:
                continue
        await section.get_by_text(officiant.word("Identity verified")).wait_for(timeout=LONG_MS)


async def consent_alone(act: Hearing, part: str) -> None:
    """The officiant asks the bride in the private room, without guardian and groom."""
    officiant, other = act.people["officiant"], act.people[NAMES[part]]
    act.say("the bride is asked alone, in the private room")
    await officiant.press("Private talk")
    dialog = officiant.page.locator("dialog[open]")
    both = next(names for username, _role, *names in DEMO if username == NAMES[part])
    name = both[0] if officiant.language == "ar" else both[1]
    seat = dialog.locator("label", has_text=name)
    await seat.locator("input").check()
    await officiant.confirm("Invite")
    await other.press("Accept")
    await asyncio.gather(
        officiant.place_is("private", timeout=LONG_MS), other.place_is("private", timeout=LONG_MS)
    )
    await written(officiant, other)
    await consent(act, part)
    await officiant.press("Return to the sitting")
    await officiant.place_is("hearing", timeout=LONG_MS)


async def written(officiant: Participant, other: Participant) -> None:
    """One question in writing. The other's telephone opens the panel by itself."""
    sheet = _panel(officiant).locator("[data-written]")
    await sheet.locator("summary").click(timeout=LONG_MS)
    await _button(officiant, "Write this question", sheet).first.click()
    answers = _panel(other).locator("[data-written]")
    await answers.locator("[name=words]").fill(ANSWER, timeout=LONG_MS)
    await _button(other, "Send", answers).click()
    await sheet.get_by_text(ANSWER).wait_for(timeout=LONG_MS)


async def consent(act: Hearing, part: str) -> None:
    """Every question of the track, then the conclusion."""
    officiant = act.people["officiant"]
    section = _section(officiant, part)
    form = section.locator("form", has=officiant.page.locator("[name^=asked_]"))
    await form.wait_for(timeout=LONG_MS)
    for box in await form.locator("[type=checkbox]").all():
        await box.check()
    done = f'{PANEL} [data-part="{part}"]:not(:has([name^="asked_"]))'
    await _until(officiant, _button(officiant, "Consents freely", form), done)
    await section.get_by_text(officiant.word("Consents freely")).wait_for(timeout=LONG_MS)


async def unite(act: Hearing) -> None:
    """All come in, on record, at the same time."""
    officiant = act.people["officiant"]
    act.say("all come together; the record begins")
    await _tab(officiant, "People")
    await officiant.press("Admit all")
    await asyncio.gather(
        *(act.people[name].place_is("hearing", timeout=LONG_MS) for name in PARTIES)
    )
    await officiant.press("Go on record")
    await officiant.phase_is("on_record", LONG_MS)
    await _tab(officiant, "Marriage")
    together = _button(officiant, "All are together")
    await _until(officiant, together, f'{PANEL}[data-stage="united"]')


async def read(act: Hearing) -> None:
    """Status, impediments, dower and conditions, aloud."""
    officiant = act.people["officiant"]
    act.say("statuses, impediments, dower and conditions are read aloud")
    form = _panel(officiant).locator("form", has=officiant.page.locator("[name^=item_]"))
    await form.wait_for(timeout=LONG_MS)
    for box in await form.locator("[type=checkbox]").all():
        await box.check()
    await _until(officiant, _button(officiant, "Read aloud", form), f'{PANEL}[data-stage="read"]')


async def utter(act: Hearing, what: str, stage: str) -> None:
    """The officiant stamps the offer or the acceptance."""
    officiant = act.people["officiant"]
    act.say(f"the {'offer' if what == 'offer' else 'acceptance'} is uttered")
    name = "The offer was uttered" if what == "offer" else "The acceptance was uttered"
    if what == "accept":  # a void in between begins with the offer again
        for _attempt in range(6):
            if await officiant.page.locator(f'{PANEL}[data-stage="read"]').count():
                await utter(act, "offer", "offered")
            try:
                await _button(officiant, name).first.click(timeout=10_000)
                done = f'{PANEL}[data-stage="{stage}"]'
                await officiant.page.wait_for_selector(done, state="attached", timeout=12_000)
                return
            except Error:
                continue
        raise RuntimeError("the acceptance never stood")
    await _until(officiant, _button(officiant, name), f'{PANEL}[data-stage="{stage}"]')


async def drop_and_return(act: Hearing, name: str) -> None:
    """A witness's browser dies between offer and acceptance: the pair is void. The witness comes
    back on another page, and is verified again."""
    officiant, gone = act.people["officiant"], act.people[name]
    part = next(part for part, who in NAMES.items() if who == name)
    act.say("the second witness drops out between offer and acceptance")
    await gone.page.close()
    again = f'{PANEL}[data-stage="read"]:not([data-restarts="0"])'
    await officiant.page.wait_for_selector(again, state="attached", timeout=LONG_MS)
    act.say("the offer is void; the witness comes back and is verified again")
    gone.page = await gone.context.new_page()
    await gone.enter(act.sitting)
    await gone.place_is("hearing", timeout=LONG_MS)
    section = _section(officiant, part)
    last4 = section.locator("[name=last4]")
    await last4.wait_for(timeout=LONG_MS)
    digits = "".join(char for char in NUMBERS[part] if char.isdigit())[-4:]
    for _attempt in range(8):
        await last4.fill(digits)
        await _button(officiant, "Verified", section).click()
        try:
            await section.get_by_text(officiant.word("Identity verified")).wait_for(timeout=12_000)
            return
        except Error:
            continue
    raise RuntimeError("the witness was not verified again")


async def confirm(act: Hearing) -> None:
    """Both witnesses confirm that they heard."""
    act.say("both witnesses confirm that they heard and understood")
    for name in ("witness1", "witness2"):
        person = act.people[name]
        press = _button(person, "I heard and understood both")
        await press.wait_for(timeout=LONG_MS)
        await press.click()
        await press.wait_for(state="detached", timeout=LONG_MS)
    confirmed = f'{PANEL}[data-stage="confirmed"]'
    await act.people["officiant"].page.wait_for_selector(
        confirmed, state="attached", timeout=LONG_MS
    )


async def sign(act: Hearing) -> None:
    """Groom, bride, guardian, both witnesses, the officiant last."""
    officiant = act.people["officiant"]
    opening = _button(officiant, "Open the signing")
    await _until(officiant, opening, f'{PANEL} a[href$="/contract.pdf"]')
    for name in (*PARTIES, "officiant"):
        person = act.people[name]
        act.say(f"{name} signs")
        await _signed(officiant, _button(person, "Sign the contract"))
    contracted = f'{PANEL}[data-state="contracted"]'
    await officiant.page.wait_for_selector(contracted, state="attached", timeout=LONG_MS)


async def _signed(officiant: Participant, press: Locator) -> None:
    """Press until it is done. Where a slow machine suspended the record, that comes first."""
    pressed = False
    for _attempt in range(30):
        await _on_record_again(officiant)
        try:
            await press.wait_for(timeout=10_000)
            await press.click()
            pressed = True
            await press.wait_for(state="detached", timeout=20_000)
            return
        except Error:
            if pressed and not await press.count():
                return
    raise RuntimeError("a signature was never taken")


async def close(act: Hearing) -> None:
    """The officiant ends the sitting; its record is sealed."""
    officiant = act.people["officiant"]
    act.say("the officiant ends the sitting")
    await officiant.end_sitting(LONG_MS)


# --- the court -----------------------------------------------------------------------------------


async def ratify(act: Hearing) -> None:
    """The judge ratifies and signs the certificate."""
    act.say("the judge ratifies and signs the certificate")
    judge = await act.person("judge", "family_judge", LANGUAGE)
    await judge.page.goto(judge.url(f"/marriages/{act.case_number}/contract"))
    await judge.press("Ratify")
    await _button(judge, "Sign the certificate", judge.page.locator("main")).click(timeout=LONG_MS)
    await judge.page.get_by_text(judge.word("Certificate issued")).wait_for(timeout=LONG_MS)


async def papers(act: Hearing, out: Path, report: dict[str, Any]) -> None:
    """The bride fetches contract and certificate."""
    bride, judge, id = act.people["bride"], act.people["judge"], act.case_number
    page = bride.page
    await page.goto(bride.url(f"/marriages/{id}/contract"))
    report["register"] = (await page.locator(".page-head .mono").inner_text()).strip()
    contract = await _fetched(page, bride.url(f"/marriages/{id}/contract.pdf"), "")
    copy = bride.url(f"/marriages/{id}/copy")
    certificate = await _fetched(page, copy, f'form[action$="/{id}/copy"]')
    await asyncio.to_thread((out / "contract.pdf").write_bytes, contract)
    await asyncio.to_thread((out / "certificate.pdf").write_bytes, certificate)
    await judge.page.goto(judge.url(f"/marriages/{id}"))
    report["gates"] = sorted(set(re.findall(r"R-MR-\d\d", await judge.page.content())))


async def _fetched(page: Page, path: str, form: str) -> bytes:
    script = """async ([path, form]) => {
      const body = form ? new FormData(document.querySelector(form)) : null;
      const answer = await fetch(path, body ? { method: "POST", body } : {});
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      let text = "";
      const bytes = new Uint8Array(await answer.arrayBuffer());
      for (const byte of bytes) text += String.fromCharCode(byte);
      return btoa(text);
    }"""
    return base64.b64decode(await page.evaluate(script, [path, form]))


def _look(out: Path, report: dict[str, Any]) -> None:
    """What another program says of both documents. Blocks."""
    for name, wanted in (("contract", 6), ("certificate", 2)):
        done = subprocess.run(
            ["pdfsig", "-no-ocsp", str(out / f"{name}.pdf")],
            capture_output=True,
            text=True,
            check=False,
        )
        valid = done.stdout.count("Signature is Valid.")
        whole = "Total document signed" in done.stdout
        report["signatures"][name] = {"valid": valid, "ok": whole and valid >= wanted}
