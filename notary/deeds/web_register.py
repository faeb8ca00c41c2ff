"""Pages of the register: search, one entry with its margin, corrections, years, journal."""

import asyncio
from typing import Any

from quart import Blueprint, Response, request

from auth import policy
from auth.audit_reading.query import Query, parse
from auth.web import current_person
from errors import N_, Refusal
from notary.deeds import journal
from notary.deeds.act import acts
from notary.deeds.core import OVER
from notary.deeds.journal_table import table
from notary.deeds.roll import KINDS
from notary.deeds.state import LABELS
from notary.deeds.web_services import office
from notary.deeds.web_views import pdf
from notary.register.entry import NOTES, STANDINGS, Note, Standing
from pages import Form, flash, redirect, render
from pages.language import language as current_language

blueprint = Blueprint("register", __name__)
_ASKED = ("account", "since", "until")
JOURNAL_LINES = 200
"""On one page; the table that is taken away has all."""
_ENDED = {state.value: LABELS[state] for state in OVER}
_TONES = {
    Standing.STANDS: "success",
    Standing.PENDING: "info",
    Standing.UNKNOWN: "neutral",
}


@blueprint.get("/notary/register")
async def search() -> Response:
    """Entries by number, identity number or name."""
    form = Form({name: request.args.get(name, "") for name in ("words", "act", "year")})
    year = form.value("year")
    found = await office().register.search(
        current_person(),
        words=form.value("words"),
        act=form.value("act"),
        year=int(year) if year.isdecimal() and len(year) == 4 else None,
    )
    return await render(
        "notary/register.html",
        form=form,
        found=found,
        acts=acts(),
        titles=STANDINGS,
        tones=_TONES,
        years=await office().register.years(current_person()),
        may_enrol=policy.decide(current_person(), "notary.roll").possible,
        may_close=policy.decide(current_person(), "register.close_year").possible,
    )


@blueprint.get("/notary/register/<office_code>/<int:year>/<int:number>")
async def entry(office_code: str, year: int, number: int) -> Response:
    """One entry."""
    return await _entry(f"{office_code}/{year}/{number}", Form())


async def _entry(name: str, form: Form, status: int = 200) -> Response:
    person = current_person()
    found = await office().register.get(person, name)
    return await render(
        "notary/register_entry.html",
        status=status,
        form=form,
        found=found,
        act=acts().get(found.entry.act),
        standing=STANDINGS[found.standing],
        tone=_TONES.get(found.standing, "error"),
        notes={note.value: title for note, title in NOTES.items()},
        may_extract=policy.decide(person, "register.extract").possible,
        ended=_ENDED,
        may_annul=policy.decide(person, "register.annul").possible,
        may_correct=policy.decide(person, "register.correct").possible,
    )


@blueprint.post("/notary/register/<office_code>/<int:year>/<int:number>/annul")
async def annul(office_code: str, year: int, number: int) -> Response:
    """Note that an order annulled it. Fields `note`, `order`."""
    name, form = f"{office_code}/{year}/{number}", Form(await request.form)
    chosen = form.value("note")
    note = Note(chosen) if chosen in set(Note) else Note.EXTRACT
    work = office().register.annul(current_person(), name, note, form.value("order"))
    return await _done(name, form, work, (office_code, year, number))


@blueprint.post("/notary/register/<office_code>/<int:year>/<int:number>/correct")
async def correct(office_code: str, year: int, number: int) -> Response:
    """A correction, as a new entry. Field `words`."""
    name, form = f"{office_code}/{year}/{number}", Form(await request.form)
    work = office().register.correct(current_person(), name, form.value("words"))
    return await _done(name, form, work, (office_code, year, number))


@blueprint.post("/notary/register/<office_code>/<int:year>/<int:number>/extract")
async def extract(office_code: str, year: int, number: int) -> Response:
    """A certified extract, as a download. It is noted in the margin."""
    name = f"{office_code}/{year}/{number}"
    try:
        name, data = await office().issuing.extract(current_person(), name)
    except Refusal as refusal:
        return await _entry(name, Form().mend(refusal), refusal.status)
    return pdf(data, f"{name.replace('/', '-')}-extract.pdf")


@blueprint.get("/notary/roll")
async def roll() -> Response:
    """The roll of notaries."""
    return await _roll(Form())


async def _roll(form: Form, status: int = 200) -> Response:
    lines = await office().roll.read(current_person())
    return await render("notary/roll.html", status=status, form=form, lines=lines, kinds=KINDS)


@blueprint.post("/notary/roll")
async def enrol() -> Response:
    """A new line of the roll. Fields `notary`, `kind`, `approval`."""
    form = Form(await request.form)
    given = (form.value(name) for name in ("notary", "kind", "approval"))
    try:
        await office().roll.enrol(current_person(), *given)
    except Refusal as refusal:
        return await _roll(form.mend(refusal), refusal.status)
    flash(N_("Written in the roll."))
    return redirect("register.roll")


async def _done(name: str, form: Form, work: Any, at: tuple[str, int, int]) -> Response:
    try:
        await work
    except Refusal as refusal:
        return await _entry(name, form.mend(refusal), refusal.status)
    flash(N_("Written in the register."))
    return redirect("register.entry", office_code=at[0], year=at[1], number=at[2])


@blueprint.post("/notary/register/years/<int:year>/close")
async def close_year(year: int) -> Response:
    """Close a year that is over."""
    await office().register.close_year(current_person(), year)
    flash(N_("The year is closed."))
    return redirect("register.search")


@blueprint.get("/notary/journal")
async def journal_page() -> Response:
    """The notary's journal: a notary's own, the office's for others. `account` `since` `until`."""
    form = Form({name: request.args.get(name, "") for name in _ASKED})
    person, query, status = current_person(), Query(), 200
    try:
        query = parse(form.data)
    except Refusal as refusal:
        form, status = form.mend(refusal), refusal.status
    core = office().core
    book = await journal.read(core, person, query, JOURNAL_LINES)
    return await render(
        "notary/journal.html",
        status=status,
        form=form,
        book=book,
        chosen=next((one for one in book.notaries if one.id == query.account), None),
        now=core.clock(),
        may_enrol=policy.decide(person, "notary.roll").possible,
    )


@blueprint.post("/notary/journal/export")
async def journal_export() -> Response:
    """The lines that the same fields ask for, as a table for a spreadsheet."""
    query = parse(Form(await request.form).data)
    core = office().core
    book = await journal.export(core, current_person(), query)
    data = await asyncio.to_thread(table, book, current_language(), core.zone)
    return pdf(data, "journal.csv", "text/csv; charset=utf-8")
