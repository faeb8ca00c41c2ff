"""Pages of minutes: drafted from the record, edited, approved, signed, taken."""

from functools import partial

from quart import Blueprint, Quart, Response, current_app

from auth.web import current_login, current_person
from auth.web_acting import Work, act
from errors import N_
from pages import Form, language, render
from recordings.minutes.minutes import STATES, State, written
from recordings.minutes.service import MinutesDesk
from sessions.kinds import KINDS

blueprint = Blueprint("minutes", __name__)
KEY = "recordings.minutes"
PAGE = "/sittings/<sitting_id>/minutes"


def init_app(app: Quart, minutes: MinutesDesk) -> None:
    """Give the application these pages."""
    app.extensions[KEY] = minutes
    app.register_blueprint(blueprint)


def _minutes() -> MinutesDesk:
    found: MinutesDesk = current_app.extensions[KEY]
    return found


@blueprint.get(PAGE)
async def minutes(sitting_id: str) -> Response:
    """The minutes of a sitting, or the offer to draw them up."""
    return await _page(sitting_id, Form())


async def _page(sitting_id: str, form: Form, status: int = 200) -> Response:
    opened = await _minutes().open(current_person(), sitting_id)
    return await render(
        "recordings/minutes.html",
        status=status,
        form=form,
        opened=opened,
        sitting=opened.sitting,
        minutes=opened.minutes,
        states=STATES,
        signed=State.SIGNED,
        kind_title=KINDS[opened.sitting.kind].title,
        own_language=language(),
    )


@blueprint.post(PAGE)
async def begin(sitting_id: str) -> Response:
    """Draft them from the record. Field: `language`."""

    async def work(form: Form) -> None:
        await _minutes().begin(current_person(), sitting_id, form.value("language"))

    return await _do(sitting_id, work, N_("The draft is made from the record. Read and mend it."))


@blueprint.post(f"{PAGE}/words")
async def save(sitting_id: str) -> Response:
    """Fields: `base proceedings decisions operative`."""

    async def work(form: Form) -> None:
        content = written(
            form.value("proceedings"), form.value("decisions"), form.value("operative")
        )
        base = int(form.value("base")) if form.value("base").isdigit() else 0
        await _minutes().save(current_person(), sitting_id, base=base, content=content)

    return await _do(sitting_id, work, N_("The draft is saved."))


@blueprint.post(f"{PAGE}/approval")
async def approve(sitting_id: str) -> Response:
    """The presiding judge approves: printed, and open for signatures."""

    async def work(_form: Form) -> None:
        await _minutes().approve(current_person(), sitting_id)

    return await _do(sitting_id, work, N_("The minutes are approved. The clerk signs first."))


@blueprint.post(f"{PAGE}/return")
async def give_back(sitting_id: str) -> Response:
    """The presiding judge gives them back to the clerk."""

    async def work(_form: Form) -> None:
        await _minutes().give_back(current_person(), sitting_id)

    return await _do(sitting_id, work, N_("The minutes are a draft again."))


@blueprint.post(f"{PAGE}/signature")
async def sign(sitting_id: str) -> Response:
    """The clerk's or the presiding judge's signature. Field: `authorisation`."""

    async def work(form: Form) -> None:
        await _minutes().sign(current_login(), sitting_id, form.value("authorisation"))

    return await _do(sitting_id, work, N_("It is signed, and written into the audit log."))


@blueprint.get(f"{PAGE}/file.pdf")
async def file(sitting_id: str) -> Response:
    """The document as it is now."""
    data = await _minutes().file(current_person(), sitting_id)
    response = Response(data, content_type="application/pdf")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'attachment; filename="minutes-{sitting_id}.pdf"'
    return response


async def _do(sitting_id: str, work: Work, done: str) -> Response:
    return await act(work, partial(_page, sitting_id), done, f"/sittings/{sitting_id}/minutes")
