"""A power of attorney that makes itself: request, audit, fee, queue, session, signatures, register.

Three people sign before the notary does: two principals, one of whom needs an interpreter, who
signs too. Every step goes through the pages that people use, in headless Chromium with fake
devices, against a server of its own. `run` leaves `deed.pdf`, `bundle.zip` and `report.json`.
"""

import asyncio
import base64
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
from playwright.async_api import FilePayload, Locator, Page
from rich.console import Console

from auth.demo import PEOPLE
from tools.demo import evidence
from tools.demo.hearing import Hearing, choose, on_record, prepared
from tools.demo.participant import Participant

NAMES = {username: (name_ar, name_en) for username, _role, name_ar, name_en in PEOPLE}
SIGNERS = ("claimant", "respondent", "interpreter")
ANSWERS = ("I appoint a lawyer for my case.", "No. I am alone.", "I am well.")


async def run(out: Path, console: Console, scenario: str = "notary") -> dict[str, Any]:
    """Make the deed; returns the report that is also written to `out`/report.json."""
    out.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {
        "scenario": scenario,
        "ok": False,
        "register": "",
        "signatures": 0,
        "pdfsig": {},
        "pyhanko": {},
        "verify": {"ok": False, "steps": []},
        "errors": [],
    }
    try:
        async with prepared(out, console) as act:
            await _make(act, out, report)
            act.say("export the evidence bundle of the session and verify it")
            await evidence.export(act.server, act.sitting, out / "bundle.zip")
            report["verify"] = await asyncio.to_thread(evidence.verify, out / "bundle.zip")
            report["errors"] += [error for one in act.people.values() for error in one.errors]
        act.say("read the signatures with pdfsig and pyHanko")
        await asyncio.to_thread(_look, out, report)
    except Exception as error:  # the report must say what went wrong, whatever it was
        report["errors"].append(f"{type(error).__name__}: {str(error)[:2000]}")
    report["ok"] = (
        bool(report["verify"]["ok"])
        and bool(report["pdfsig"].get("ok"))
        and bool(report["pyhanko"].get("ok"))
        and not report["errors"]
    )
    path = out / "report.json"
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    await asyncio.to_thread(path.write_text, text, "utf-8")
    for told in report["errors"]:
        console.print(f"[red]error[/] {told}", highlight=False)
    verdict = "[green]verified[/]" if report["ok"] else "[red]not verified[/]"
    console.print(f"{verdict}: {report['register']}, {report['signatures']} signatures; {path}")
    return report


async def _make(act: Hearing, out: Path, report: dict[str, Any]) -> None:
    await ask(act)
    await audit(act)
    await pay_and_queue(act)
    await gather(act)
    await before_reading(act)
    await read(act)
    await sign(act)
    report["register"] = await deliver(act, out)


async def ask(act: Hearing) -> None:
    """The applicant fills in the wizard."""
    person = await act.person("claimant", "claimant")
    page = person.page
    act.say("the applicant asks for a power of attorney")
    await page.goto(f"{person.address}/en/deeds")
    await page.select_option("[name=act]", "poa_special_litigation")
    await page.get_by_role("button", name="Begin", exact=True).click()
    await page.wait_for_url(re.compile("/people$"))
    act.case_number = page.url.split("/")[-2]
    await page.get_by_role("button", name="One more person").click()
    await page.get_by_role("button", name="One more person").click()
    rows = (
        ("p0", "principal", NAMES["claimant"], "784-1988-1234567-1", "", ""),
        ("p1", "principal", NAMES["respondent"], "784-1985-7654321-8", "language", ""),
        ("p2", "agent", NAMES["lawyer"], "784-1990-3333333-3", "", ""),
        ("p3", "interpreter", NAMES["interpreter"], "784-1979-4444444-4", "", "p1"),
    )
    for key, role, (name_ar, name_en), number, path, _helps in rows:
        await page.select_option(f"[name=party_{key}_role]", role)
        await page.fill(f"[name=party_{key}_name_ar]", name_ar)
        await page.fill(f"[name=party_{key}_name_en]", name_en)
        await page.fill(f"[name=party_{key}_identity_number]", number)
        await page.select_option(f"[name=party_{key}_path]", path)
    await page.select_option("[name=party_p1_language]", "hi")
    # Saved once: then the interpreter's row knows the people by name.
    await page.get_by_role("button", name="Save and go on").click()
    await page.select_option("[name=party_p3_helps]", "p1")
    await page.get_by_role("button", name="Save and go on").click()
    await page.wait_for_url(re.compile("/content$"))
    await page.select_option("[name=field_court]", "all")
    await page.fill("[name=field_matter]", "الدعوى رقم 2026/3307 مدني")
    await page.select_option("[name=field_may_settle]", "no")
    await page.select_option("[name=field_may_delegate]", "yes")
    await page.get_by_role("button", name="Save and go on").click()
    await page.wait_for_url(re.compile("/papers$"))
    paper: FilePayload = {"name": "id.pdf", "mimeType": "application/pdf", "buffer": _pdf()}
    form = page.locator("form", has=page.locator("input[value=identity]"))
    await form.locator("input[type=file]").set_input_files([paper])
    await form.get_by_role("button", name=re.compile("Upload")).click()
    await page.get_by_text("Added").first.wait_for()
    await page.get_by_role("link", name="Go on").click()
    await page.get_by_role("button", name="Send to the office").click()
    await page.wait_for_url(re.compile("/deeds/[0-9a-f]+$"))


def _pdf() -> bytes:
    file, made = io.BytesIO(), pikepdf.new()
    made.add_blank_page()
    made.save(file)
    return file.getvalue()


async def audit(act: Hearing) -> None:
    """The clerk binds the accounts and approves."""
    clerk = await act.person("clerk", "clerk")
    page = clerk.page
    act.say("the clerk audits the request and binds the accounts")
    await page.goto(f"{clerk.address}/en/deeds/{act.case_number}")
    await page.get_by_role("button", name="Take it for audit").click()
    await page.wait_for_url(re.compile("/audit$"))
    await choose(page, "person_p1", NAMES["respondent"][1])
    await choose(page, "person_p3", NAMES["interpreter"][1])
    await page.get_by_role("button", name="Save the accounts").click()
    await page.get_by_role("button", name="The request is in order").click()
    await page.wait_for_url(re.compile("/notary/audit$"))


async def pay_and_queue(act: Hearing) -> None:
    """The applicant pays and waits for the next notary, who takes the request."""
    page = act.people["claimant"].page
    act.say("the applicant pays and joins the queue; the notary takes the request")
    await page.goto(f"{act.server.address}/en/deeds/{act.case_number}")
    await page.get_by_role("button", name="Pay the fee").click()
    await page.get_by_role("button", name="Pay", exact=True).click()
    await page.get_by_role("button", name="Or wait for the next notary").click()
    await page.get_by_text("You are the next.").wait_for()
    notary = await act.person("notary", "notary")
    await notary.page.goto(f"{notary.address}/en/notary/desk")
    await notary.page.get_by_role("button", name="Take the next").click()
    await notary.page.wait_for_url(re.compile("/sittings/[0-9a-f]+$"))
    act.sitting = notary.page.url.rsplit("/", 1)[1]


async def gather(act: Hearing) -> None:
    """Everybody comes by video; the notary goes on record."""
    act.say("everybody comes by video")
    for username in SIGNERS[1:]:
        await act.person(username, username)
    together = [act.people[name] for name in ("notary", *SIGNERS)]
    await asyncio.gather(*(one.enter(act.sitting) for one in together))
    notary = act.people["notary"]
    await notary.press("Open the sitting")
    await notary.phase_is("roll_call")
    await notary.press("Admit all")
    await asyncio.gather(*(act.people[name].place_is("hearing") for name in SIGNERS))
    act.people["judge"] = notary
    for name, role in (("counsel", "claimant"),):
        act.people[name] = act.people[role]
    clerk = act.people.pop("clerk")
    act.people["clerk"] = notary
    await on_record(act, "on record: every track is written and decoded first")
    for name in ("judge", "counsel", "clerk"):
        del act.people[name]
    act.people["auditor"] = clerk


def _panel(person: Participant) -> Locator:
    return person.page.locator(".deed-part")


async def _step(person: Participant, name: str, within: Locator | None = None) -> None:
    """Press a button of the deed's panel and wait until the panel is new."""
    panel = _panel(person)
    before = await panel.get_attribute("data-version")
    changed = f'.deed-part:not([data-version="{before}"])'
    told = f"{changed}, .deed-part [data-wrong]:not([hidden])"
    for _attempt in range(4):
        await (within or panel).get_by_role("button", name=name, exact=True).first.click()
        await person.page.wait_for_selector(told, state="attached")
        if await person.page.locator(changed).count():
            return
        # A machine that is too slow to prove its record suspends it, and then nothing counts.
        await person.press("Go on record")
        await person.phase_is("on_record")
    raise RuntimeError(f"{name}: {await panel.locator('[data-wrong]').all_inner_texts()}")


async def before_reading(act: Hearing) -> None:
    """Interest, identity, capacity and free will."""
    notary = act.people["notary"]
    act.say("the notary checks identity, asks about capacity and free will")
    panel = _panel(notary)
    await panel.locator("[name=no_interest]").check()
    await _step(notary, "Begin the act")
    for last4 in ("5671", "3218", "4444"):
        form = panel.locator("form", has=notary.page.locator("[name=last4]")).first
        await form.locator("[name=last4]").fill(last4)
        await form.locator("[name=of_age]").check()
        await _step(notary, "Verified", form)
    await _step(notary, "Go on to the next step")
    for _person in range(2):
        for answer in ANSWERS:
            form = panel.locator("form", has=notary.page.locator("[name=answer]")).first
            await form.locator("[name=answer]").fill(answer)
            await _step(notary, "Write the answer", form)
        await _step(notary, "Capable and free")
    await _step(notary, "Go on to the next step")


async def read(act: Hearing) -> None:
    """The notary turns every page, everybody's view follows; then consent."""
    notary, other = act.people["notary"], act.people["respondent"]
    panel = _panel(notary)
    pages = int(await panel.locator("[data-pages]").get_attribute("data-pages") or "0")
    act.say(f"the notary reads {pages} pages; everybody's view follows")
    for page in range(1, pages + 1):
        if page > 1:
            await panel.get_by_role("button", name="Next page").click()
        shown = f'.deed-page[data-page="{page}"]:not([hidden])'
        await other.page.wait_for_selector(shown)
    await panel.locator("[name=explained]").check()
    await _step(notary, "Read and explained")
    for _one in SIGNERS:
        form = panel.locator("form", has=notary.page.locator("input[value=consent]")).first
        await _step(notary, "Consented", form)
    await _step(notary, "Open the signing")


async def sign(act: Hearing) -> None:
    """Everybody signs in order, then the notary signs and seals."""
    for username in SIGNERS:
        person = act.people[username]
        act.say(f"{username} signs")
        await _panel(person).get_by_role("button", name="Sign the deed").click(timeout=60_000)
        form = person.page.locator('.deed-part form[data-api$="/sign"]')
        await form.wait_for(state="detached", timeout=60_000)
    notary = act.people["notary"]
    act.say("the notary signs and seals; the deed is registered")
    await _panel(notary).get_by_role("button", name="Sign and seal").click(timeout=60_000)
    await notary.page.wait_for_selector('.deed-part[data-state="delivered"]', timeout=60_000)


async def deliver(act: Hearing, out: Path) -> str:
    """The applicant fetches a certified copy; the notary ends the session."""
    notary, page = act.people["notary"], act.people["claimant"].page
    act.say("the notary ends the session; the applicant fetches a certified copy")
    await notary.press("More")
    await notary.press("End the sitting")
    await notary.page.locator("dialog[open] [name=sure]").check()
    await notary.confirm("End the sitting")
    await notary.phase_is("closed")
    await page.goto(f"{act.server.address}/en/deeds/{act.case_number}")
    register = await page.locator("dd .mono").first.inner_text()
    data = await _copy(page, act.case_number)
    await asyncio.to_thread((out / "deed.pdf").write_bytes, data)
    return register


async def _copy(page: Page, request: str) -> bytes:
    """The bytes that the button brings."""
    script = """async (id) => {
      const body = new FormData(document.querySelector(`form[action$="/deeds/${id}/copy"]`));
      const answer = await fetch(`/en/deeds/${id}/copy`, { method: "POST", body });
      if (!answer.ok) throw new Error(`copy: ${answer.status}`);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      let text = "";
      for (const byte of bytes) text += String.fromCharCode(byte);
      return btoa(text);
    }"""
    return base64.b64decode(await page.evaluate(script, request))


def _told(command: list[str]) -> subprocess.CompletedProcess[str]:
    """What a program says; pdfsig cuts a long name within a letter."""
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


def _look(out: Path, report: dict[str, Any]) -> None:
    """What other people's programs say of the deed. Blocks."""
    deed = out / "deed.pdf"
    done = _told(["pdfsig", "-no-ocsp", str(deed)])
    valid = done.stdout.count("Signature is Valid.")
    found = len(re.findall(r"^Signature #\d+:", done.stdout, re.MULTILINE))
    report["signatures"] = valid
    whole = "Total document signed" in done.stdout
    report["pdfsig"] = {"valid": valid, "found": found, "ok": valid == 5 and whole}
    trust = [
        argument
        for path in sorted((out / "server" / "keys" / "signing").glob("*-root.pem"))
        for argument in ("--trust", str(path))
    ]
    program = Path(sys.executable).with_name("pyhanko")
    command = [str(program), "sign", "adesverify", *trust, "--executive-summary", str(deed)]
    told = _told(command)
    good = told.stdout.count(":VALID")
    report["pyhanko"] = {
        "ok": told.returncode == 0 and good == 5,
        "valid": good,
        "says": (told.stdout + told.stderr)[-600:] if told.returncode else "",
    }
