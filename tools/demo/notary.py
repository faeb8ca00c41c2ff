"""A power of attorney that makes itself: request, audit, fee, queue, session, signatures, register,
and a stranger who checks it.

Three people sign before the notary does: two principals, one of whom needs an interpreter, who
signs too. The notary who begins the act must leave it, and a substitute conducts it. Every step
goes through the pages that people use, some in Arabic and some in English, in headless Chromium
with fake devices, against a server of its own that asks a passkey for each signature. `run` leaves
`deed.pdf`, `bundle.zip` and `report.json`.
"""

import asyncio
import base64
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.async_api import Page
from rich.console import Console

from tools.demo import deed_request, deed_session, evidence
from tools.demo.hearing import Hearing, prepared
from tools.demo.report import fault, tell, write

SIGNATURES = len(deed_session.SIGNERS) + 2
"""With the notary's and the seal."""
STEPS = (
    deed_request.ask,
    deed_request.audit,
    deed_request.pay_and_queue,
    deed_session.gather,
    deed_session.take_over,
    deed_session.before_reading,
    deed_session.read,
    deed_session.sign,
    deed_session.end,
)


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
        "public": {},
        "verify": {"ok": False, "steps": []},
        "errors": [],
    }
    try:
        async with prepared(out, console, MAHDAR_ASSURANCE="court") as act:
            for one in STEPS:
                await one(act)
            report["register"] = await deliver(act, out)
            report["public"] = await stranger(act, out / "deed.pdf")
            act.say("export the evidence bundle of the session and verify it")
            await evidence.export(act.server, act.sitting, out / "bundle.zip")
            report["verify"] = await asyncio.to_thread(evidence.verify, out / "bundle.zip")
            report["errors"] += [error for one in act.people.values() for error in one.errors]
        act.say("read the signatures with pdfsig and pyHanko")
        await asyncio.to_thread(_look, out, report)
    except Exception as error:
        fault(report, error)
    agree = (report[name].get("ok") for name in ("verify", "pdfsig", "pyhanko", "public"))
    report["ok"] = all(agree) and not report["errors"]
    path = await write(out, report)
    tell(console, report, f"{report['register']}, {report['signatures']} signatures; {path}")
    return report


async def deliver(act: Hearing, out: Path) -> str:
    """The applicant fetches a certified copy. Returns the register number."""
    applicant = act.people["claimant"]
    act.say("the applicant fetches a certified copy")
    await applicant.page.goto(applicant.url(f"/deeds/{act.case_number}"))
    register = await applicant.page.locator("dd .mono").first.inner_text()
    data = await _copy(applicant.page, act.case_number)
    await asyncio.to_thread((out / "deed.pdf").write_bytes, data)
    return register


async def stranger(act: Hearing, deed: Path) -> dict[str, Any]:
    """Somebody without an account looks the file up, in Arabic."""
    act.say("a stranger checks the deed on the public page")
    person = await act.person("stranger", language="ar")
    page = person.page
    await page.goto(person.url("/verify"))
    await page.locator("#file").set_input_files(deed)
    await person.press("Check the file")
    signed = page.locator("#result [data-signature]")
    await signed.first.wait_for(timeout=deed_session.SLOW_MS)
    verdicts = [await one.get_attribute("data-signature") for one in await signed.all()]
    text = await page.locator("#result").inner_text()
    return {"ok": verdicts == ["valid"] * SIGNATURES, "verdicts": verdicts, "says": text}


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
    report["pdfsig"] = {"valid": valid, "found": found, "ok": valid == SIGNATURES and whole}
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
        "ok": told.returncode == 0 and good == SIGNATURES,
        "valid": good,
        "says": (told.stdout + told.stderr)[-600:] if told.returncode else "",
    }
