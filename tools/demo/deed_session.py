"""The session of the notary's demo: everybody by video, the notary's steps, signatures, seal."""

import asyncio
from datetime import datetime, timedelta

from playwright.async_api import Locator

from tools.demo.deed_request import NAMES, come
from tools.demo.hearing import ZONE, Hearing, choose, on_record
from tools.demo.participant import Participant

SIGNERS = ("claimant", "respondent", "interpreter")
LAST4 = ("5671", "3218", "4444")
ANSWERS = ("I appoint a lawyer for my case.", "No. I am alone.", "I am well.")
ADDED = " وما يتفرع عنها من طلبات."
SLOW_MS = 90_000


async def gather(act: Hearing) -> None:
    """Everybody comes by video, with a passkey to sign by; the notary goes on record."""
    act.say("everybody adds a passkey and comes by video")
    for username in SIGNERS[1:]:
        await come(act, username)
    together = [act.people[name] for name in ("notary", *SIGNERS)]
    for one in together:
        await one.add_passkey()
    await asyncio.gather(*(one.enter(act.sitting) for one in together))
    notary = act.people["notary"]
    await notary.press("Open the sitting")
    await notary.phase_is("roll_call")
    await notary.press("Admit all")
    await asyncio.gather(*(act.people[name].place_is("hearing") for name in SIGNERS))
    await on_record(act, "on record: every track is written and decoded first", "notary", *SIGNERS)


def panel(person: Participant) -> Locator:
    """The deed in the room."""
    return person.page.locator(".deed-part")


async def step(person: Participant, name: str, within: Locator | None = None) -> None:
    """Press a button of the deed's panel and wait until the panel is new."""
    part = panel(person)
    before = await part.get_attribute("data-version")
    changed = f'.deed-part:not([data-version="{before}"])'
    told = f"{changed}, .deed-part [data-wrong]:not([hidden])"
    for _attempt in range(4):
        await person.press(name, within or part)
        await person.page.wait_for_selector(told, state="attached", timeout=SLOW_MS)
        if await person.page.locator(changed).count():
            return
        # A machine that is too slow to prove its record suspends it, and then nothing counts.
        await person.press("Go on record")
        await person.phase_is("on_record")
    raise RuntimeError(f"{name}: {await part.locator('[data-wrong]').all_inner_texts()}")


def form(person: Participant, name: str) -> Locator:
    """The first form of the panel with this field."""
    page = person.page
    return panel(person).locator("form", has=page.locator(f"[name={name}]")).first


async def take_over(act: Hearing) -> None:
    """The notary begins the act and must leave; a substitute, named in a delegation, comes, begins
    it anew and conducts it to its end."""
    first = act.people["notary"]
    act.say("the notary begins the act, names a substitute and leaves")
    await panel(first).locator("[name=no_interest]").check()
    await step(first, "Begin the act")
    await _delegate(first, "notary2")
    act.say("the substitute comes and begins the act anew")
    act.people["first notary"] = first
    second = await come(act, "notary2", "notary")
    await second.add_passkey()
    await second.enter(act.sitting)
    await second.place_is("hearing")
    held = panel(second).locator("form", has=_input(second, "suspend")).first
    await held.locator("[name=words]").fill("اعتذر كاتب العدل لعارض صحي.")
    await step(second, "Suspend", held)
    again = panel(second).locator("form", has=_input(second, "resume"))
    await again.locator("[name=no_interest]").check()
    await step(second, "Begin the act anew", again)


def _input(person: Participant, value: str) -> Locator:
    return person.page.locator(f"input[name=step][value={value}]")


async def _delegate(person: Participant, username: str) -> None:
    """Until the evening of the day after, for notarial acts."""
    page = person.page
    await page.goto(person.url("/delegations"))
    await person.follow("Confirm, then write it")
    await person.press("Use your passkey")
    await page.locator("[name=delegate]").wait_for()
    await choose(page, "delegate", NAMES[username][person.language == "en"])
    now = datetime.now(ZONE)
    for name, at in (("from", now), ("until", now + timedelta(days=1))):
        await page.fill(f"[name={name}]", f"{at:%Y-%m-%dT%H:%M}")
    await page.select_option("[name=kind]", "notarial_act")
    await page.fill("[name=reason]", "Illness")
    await person.press("Write the delegation down")
    await page.locator("main td", has_text=NAMES[username][person.language == "en"]).wait_for()


async def before_reading(act: Hearing) -> None:
    """Identity, capacity and free will."""
    notary = act.people["notary"]
    act.say("the notary checks identity, asks about capacity and free will")
    for last4 in LAST4:
        await form(notary, "last4").locator("[name=last4]").fill(last4)
        await form(notary, "last4").locator("[name=of_age]").check()
        await step(notary, "Verified", form(notary, "last4"))
    await step(notary, "Go on to the next step")
    for _person in range(2):
        for answer in ANSWERS:
            await _asked(notary, answer)
        await step(notary, "Capable and free")
    await _asked(notary, "I swear it. Register of interpreters, number 118.")
    await step(notary, "Go on to the next step")


async def _asked(notary: Participant, answer: str) -> None:
    """The first question of the list that is not answered yet."""
    button = notary.page.get_by_role("button", name=notary.word("Write the answer"), exact=True)
    asked = panel(notary).locator("form", has=button).first
    await asked.locator("[name=answer]").fill(answer)
    await step(notary, "Write the answer", asked)


async def read(act: Hearing) -> None:
    """The notary turns every page, everybody's view follows. A word is changed, and it is all read
    again; then consent."""
    notary = act.people["notary"]
    await _turn(act, "the notary reads; everybody's view follows")
    act.say("the principal asks for another wording; the notary changes it, and it is read again")
    change = panel(notary).locator("details", has=notary.page.locator("[name=ar_1]"))
    await change.locator("summary").click()
    text = change.locator("[name=ar_1]")
    await text.fill((await text.input_value()).rstrip(".") + ADDED)
    english = change.locator("[name=en_1]")
    await english.fill((await english.input_value()).rstrip(".") + " and applications from it.")
    await change.locator("[name=why]").fill("Asked for by the principal")
    await step(notary, "Save; it is read again", change)
    await _turn(act, "the notary reads it again")
    await panel(notary).locator("[name=explained]").check()
    await step(notary, "Read and explained")
    for _one in SIGNERS:
        consent = panel(notary).locator("form", has=notary.page.locator("input[value=consent]"))
        await step(notary, "Consented", consent.first)
    await step(notary, "Open the signing")


async def _turn(act: Hearing, words: str) -> None:
    notary = act.people["notary"]
    section = panel(notary).locator("[data-pages]")
    pages = int(await section.get_attribute("data-pages") or "0")
    document = await section.get_attribute("data-document")
    act.say(f"{words} ({pages} pages)")
    shown = f'[data-document="{document}"] .deed-page[data-page="%s"]:not([hidden])'
    for page in range(1, pages + 1):
        if page > 1:
            await notary.press("Next page", panel(notary))
        for name in ("notary", *SIGNERS):
            await act.people[name].page.wait_for_selector(shown % page, timeout=SLOW_MS)
    await notary.page.wait_for_selector(f'[data-document="{document}"][data-read="{pages}"]')


async def sign(act: Hearing) -> None:
    """Everybody signs in order by their passkey, then the notary signs and seals."""
    for username in SIGNERS:
        person = act.people[username]
        act.say(f"{username} signs")
        button = panel(person).locator('form[data-api$="/sign"]')
        await button.locator("button[type=submit]").click(timeout=SLOW_MS)
        await button.wait_for(state="detached", timeout=SLOW_MS)
    notary = act.people["notary"]
    act.say("the notary signs and seals; the deed is registered")
    seal = panel(notary).locator('form[data-api$="/seal"] button[type=submit]')
    await seal.click(timeout=SLOW_MS)
    await notary.page.wait_for_selector('.deed-part[data-state="delivered"]', timeout=SLOW_MS)
    await notary.page.get_by_role("tab", name=notary.word("Agenda")).click()
    steps = notary.page.locator(".agenda .step")
    states = [await one.get_attribute("class") for one in await steps.all()]
    if not all(state and ("step-done" in state or "step-skipped" in state) for state in states):
        raise RuntimeError(f"the agenda did not follow the act: {states}")


async def end(act: Hearing) -> None:
    """The notary ends the session."""
    notary = act.people["notary"]
    act.say("the notary ends the session")
    await notary.end_sitting()
