"""The notary's demo up to the session: request on two devices, audit, return, fee, slot, queue."""

import re

from playwright.async_api import FilePayload, Locator

from auth.demo import PEOPLE
from tools.demo.hearing import Hearing, choose
from tools.demo.papers import blank_pdf
from tools.demo.participant import Participant

NAMES = {username: (name_ar, name_en) for username, _role, name_ar, name_en in PEOPLE}
LANGUAGES = {"claimant": "ar", "interpreter": "ar", "clerk": "ar", "notary2": "ar"}
"""Who reads the pages in Arabic; everybody else in English."""
MATTER = "الدعوى رقم 2026/3307 مدني"
ROWS = (
    ("p0", "principal", "claimant", "784-1988-1234567-1", "", ""),
    ("p1", "principal", "respondent", "784-1985-7654321-8", "language", ""),
    ("p2", "agent", "lawyer", "784-1990-3333333-3", "", ""),
    ("p3", "interpreter", "interpreter", "784-1979-4444444-4", "", "p1"),
)


async def come(act: Hearing, name: str, role: str = "") -> Participant:
    """Somebody with an account, in their language."""
    return await act.person(role or name, name, LANGUAGES.get(name, "en"))


async def ask(act: Hearing) -> None:
    """The applicant begins on one device and goes on on another."""
    first = await come(act, "claimant")
    page = first.page
    act.say("the applicant asks for a power of attorney, and saves it for later")
    await page.goto(first.url("/deeds"))
    await page.select_option("[name=act]", "poa_special_litigation")
    await first.press("Begin")
    await page.wait_for_url(re.compile("/people$"))
    act.case_number = page.url.split("/")[-2]
    await first.press("One more person")
    await first.press("One more person")
    for key, role, username, number, path, _helps in ROWS:
        name_ar, name_en = NAMES[username]
        await page.select_option(f"[name=party_{key}_role]", role)
        await page.fill(f"[name=party_{key}_name_ar]", name_ar)
        await page.fill(f"[name=party_{key}_name_en]", name_en)
        await page.fill(f"[name=party_{key}_identity_number]", number)
        await page.select_option(f"[name=party_{key}_path]", path)
    await page.select_option("[name=party_p1_language]", "hi")
    await first.press("Save for later")
    await page.wait_for_url(re.compile("/deeds$"))
    act.say("the applicant goes on on another device: whom the interpreter helps, content, papers")
    await first.context.close()
    second = await come(act, "claimant")
    page = second.page
    await page.goto(second.url("/deeds"))
    await second.follow("Go on")
    await page.wait_for_url(re.compile("/people$"))
    await page.select_option("[name=party_p3_helps]", "p1")
    await second.press("Save and go on")
    await page.wait_for_url(re.compile("/content$"))
    await page.select_option("[name=field_court]", "all")
    await page.fill("[name=field_matter]", "قضية")
    await page.select_option("[name=field_may_settle]", "no")
    await page.select_option("[name=field_may_delegate]", "yes")
    await second.press("Save and go on")
    await page.wait_for_url(re.compile("/papers$"))
    paper: FilePayload = {"name": "id.pdf", "mimeType": "application/pdf", "buffer": blank_pdf()}
    form = page.locator("form", has=page.locator("input[value=identity]"))
    await form.locator("input[type=file]").set_input_files([paper])
    await form.locator("button[type=submit]").click()
    await page.get_by_text("id.pdf").first.wait_for()
    await _send(second)


async def _send(person: Participant) -> None:
    await person.follow("Go on")
    await person.press("Send to the office")
    await person.page.wait_for_url(re.compile("/deeds/[0-9a-f]+$"))


async def audit(act: Hearing) -> None:
    """The clerk returns the request with a mark, the applicant completes it, the clerk approves."""
    clerk = await come(act, "clerk")
    page, applicant = clerk.page, act.people["claimant"]
    act.say("the clerk returns the request with a marked field")
    await _take(act, clerk)
    await page.fill("[name=mark_field_matter]", "اكتب رقم الدعوى.")
    await page.fill("[name=words]", "رقم الدعوى ناقص.")
    await clerk.press("Return the request")
    await page.wait_for_url(re.compile("/notary/audit$"))
    act.say("the applicant completes it")
    await applicant.page.goto(applicant.url(f"/deeds/{act.case_number}/content"))
    await applicant.page.locator(".control-error", has=_matter(applicant)).wait_for()
    await _matter(applicant).fill(MATTER)
    await applicant.press("Save and go on")
    await applicant.page.wait_for_url(re.compile("/papers$"))
    await _send(applicant)
    act.say("the clerk audits it again, binds the accounts and approves")
    await _take(act, clerk)
    for key, username in (("p1", "respondent"), ("p3", "interpreter")):
        await choose(page, f"person_{key}", NAMES[username][0])
    await clerk.press("Save the accounts")
    await clerk.press("The request is in order")
    await page.wait_for_url(re.compile("/notary/audit$"))


def _matter(person: Participant) -> Locator:
    return person.page.locator("[name=field_matter]")


async def _take(act: Hearing, clerk: Participant) -> None:
    await clerk.page.goto(clerk.url(f"/deeds/{act.case_number}"))
    await clerk.press("Take it for audit")
    await clerk.page.wait_for_url(re.compile("/audit$"))


async def pay_and_queue(act: Hearing) -> None:
    """The applicant pays and books a slot, would rather come now, and the next notary takes it."""
    applicant = act.people["claimant"]
    page = applicant.page
    act.say("the applicant pays and books a time")
    await page.goto(applicant.url(f"/deeds/{act.case_number}"))
    await applicant.press("Pay the fee")
    await applicant.press("Pay")
    await applicant.press("Book this time")
    await page.locator('a[href*="/sittings/"]').first.wait_for()
    act.say("the applicant gives it up for the next notary, who takes the request")
    await applicant.press("Or wait for the next notary")
    await page.get_by_text(applicant.word("You are the next.")).wait_for()
    notary = await come(act, "notary")
    await notary.page.goto(notary.url("/notary/desk"))
    await notary.press("Take the next")
    await notary.page.wait_for_url(re.compile("/sittings/[0-9a-f]+$"))
    act.sitting = notary.page.url.rsplit("/", 1)[1]
