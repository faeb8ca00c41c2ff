"""What this room's templates get of a request: rows and labels."""

from types import SimpleNamespace
from typing import Any

from quart import Response

from errors import N_
from notary.deeds import store, told
from notary.deeds.act import Act, AttachmentRule, FieldRule
from notary.deeds.applying import Seen
from notary.deeds.fields import shown
from notary.deeds.party import PATHS, ROLE_LABELS, Party, Path, appears
from notary.deeds.state import State
from notary.deeds.web_services import office
from notary.history import Event
from pages import language


def tone(state: State) -> str:
    """The colour of a state's badge."""
    if state in (State.DELIVERED, State.REGISTERED, State.PAID, State.APPROVED):
        return "success"
    if state in (State.REFUSED, State.UPHELD, State.EXPIRED, State.CANCELLED):
        return "error"
    if state in (State.RETURNED, State.FEE_DUE, State.SUSPENDED, State.IN_PERSON):
        return "warning"
    return "info"


def facts(seen: Seen) -> list[tuple[str, str, str]]:
    """Labels and values of the fields, in both languages."""
    chosen = language()
    found = []
    for field in seen.act.fields:
        value = seen.request.content.values.get(field.code)
        if value is None:
            continue
        label = field.label_ar if chosen == "ar" else field.label_en
        found.append((field.type, label, yes_no(value, shown(field, value, chosen))))
    return found


def yes_no(value: Any, words: str) -> str:
    """A value in words; the template translates yes and no."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else words


def people(seen: Seen) -> list[SimpleNamespace]:
    """Everybody of a request."""
    return [
        SimpleNamespace(
            party=one,
            role_title=ROLE_LABELS[one.role],
            path_title=PATHS[Path(one.path)] if one.path else "",
            appears=appears(one, seen.act),
        )
        for one in seen.request.content.parties
    ]


def papers(act: Act) -> list[tuple[str, AttachmentRule | str]]:
    """Every place for a paper: its code, and what it is for or the message id that says so."""
    own: list[tuple[str, AttachmentRule | str]] = [(one.code, one) for one in act.attachments]
    return [("identity", N_("Identity document")), *own, ("other", N_("Other paper"))]


def marks(seen: Seen) -> list[SimpleNamespace]:
    """What the clerk marked: whereabouts (a thing with labels, a person, or a message id), the
    words, and the page on which it is mended."""
    fields = {f"field_{one.code}": one for one in seen.act.fields}
    places = {f"attachment_{code}": what for code, what in papers(seen.act)}
    found = []
    where: FieldRule | AttachmentRule | Party | str | None
    for mark in seen.request.content.marks:
        key = mark.field.removeprefix("party_").partition("_")[0]
        person = next((one for one in seen.request.content.parties if one.key == key), None)
        if mark.field in fields:
            where, page = fields[mark.field], "content"
        elif mark.field in places:
            where, page = places[mark.field], "papers"
        else:
            where, page = person, "people"
        found.append(SimpleNamespace(where=where, page=page, words=mark.words))
    return found


def file(one: store.File) -> SimpleNamespace:
    """A paper with the name that the applicant gave it."""
    return SimpleNamespace(file=one, name=office().applying.name_of(one))


def event(id: str, one: Event) -> SimpleNamespace:
    """An entry of the history with its words."""
    return SimpleNamespace(
        event=one, title=told.words(one.type), words=office().core.words_of(id, one)
    )


def pdf(data: bytes, name: str, type: str = "application/pdf") -> Response:
    """A download that no page of ours can run."""
    return Response(
        data,
        content_type=type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
