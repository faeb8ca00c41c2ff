"""The exhibits of a sitting: the list, filing, taking back, and one page as a picture."""

from functools import partial

from quart import Blueprint, Quart, Response, current_app, request

from auth.web import current_person
from auth.web_acting import act
from errors import N_
from pages import Form, render
from recordings.exhibits.exhibit import RULINGS, SIDES
from recordings.exhibits.playing import ExhibitsPlayed
from recordings.exhibits.service import Exhibits
from recordings.papers.web_larger import LargerUploads
from sessions.seat import LABELS
from sessions.standing import BENCH

blueprint = Blueprint("exhibits", __name__)
KEY = "recordings.exhibits"
PAGE = "/sittings/<sitting_id>/exhibits"


def init_app(app: Quart, exhibits: Exhibits, played: ExhibitsPlayed) -> None:
    """Give the application these pages."""
    app.extensions[KEY] = (exhibits, played)
    app.request_class = LargerUploads
    app.register_blueprint(blueprint)


def _exhibits() -> Exhibits:
    found: Exhibits = current_app.extensions[KEY][0]
    return found


def _played() -> ExhibitsPlayed:
    found: ExhibitsPlayed = current_app.extensions[KEY][1]
    return found


@blueprint.get(PAGE)
async def listed(sitting_id: str) -> Response:
    """What was filed, and the form to file more."""
    return await _page(sitting_id, Form())


async def _page(sitting_id: str, form: Form, status: int = 200, exhibit: str = "") -> Response:
    """`exhibit`: whose form was refused; none: the form that files one."""
    found = await _exhibits().listing(current_person(), sitting_id)
    return await render(
        "recordings/exhibits.html",
        status=status,
        found=found,
        sitting=found.sitting,
        form=form,
        about=exhibit,
        blank=Form(),
        limits=_exhibits().limits(),
        sides=SIDES,
        rulings=RULINGS,
        role_titles=LABELS,
        others=[
            seat
            for seat in found.sitting.seats
            if seat.role not in BENCH
            and seat.id != found.seat.id
            and found.seat.id not in seat.screened_from
        ],
    )


@blueprint.post(PAGE)
async def file(sitting_id: str) -> Response:
    """File one. Fields: `title sealed named` (repeated, seats) and the file `file`."""
    sent = (await request.files).get("file")

    async def work(form: Form) -> None:
        data = sent.read() if sent else b""
        named = form.values("named") if form.value("sealed") == "1" else None
        await _exhibits().file(current_person(), sitting_id, form.value("title"), data, named)

    done = N_("The exhibit was checked, marked and kept, encrypted.")
    return await act(work, partial(_page, sitting_id), done, f"/sittings/{sitting_id}/exhibits")


@blueprint.post(f"{PAGE}/<exhibit>/take-back")
async def take_back(sitting_id: str, exhibit: str) -> Response:
    """Only what was never shown."""

    async def work(_form: Form) -> None:
        await _exhibits().take_back(current_person(), sitting_id, exhibit)

    done = N_("The exhibit is taken back.")
    return await act(work, partial(_page, sitting_id), done, f"/sittings/{sitting_id}/exhibits")


@blueprint.post(f"{PAGE}/<exhibit>/seal")
async def seal(sitting_id: str, exhibit: str) -> Response:
    """The presiding judge seals one later, or names others. Fields: `reason named` (repeated)."""

    async def work(form: Form) -> None:
        given = form.values("named"), form.value("reason")
        await _exhibits().seal(current_person(), sitting_id, exhibit, *given)

    done = N_("The exhibit is sealed. Nobody else sees it from now on.")
    show = partial(_page, sitting_id, exhibit=exhibit)
    return await act(work, show, done, f"/sittings/{sitting_id}/exhibits")


@blueprint.post(f"{PAGE}/<exhibit>/open")
async def unseal(sitting_id: str, exhibit: str) -> Response:
    """The presiding judge opens a sealed one again. Field: `reason`."""

    async def work(form: Form) -> None:
        await _exhibits().seal(current_person(), sitting_id, exhibit, None, form.value("reason"))

    done = N_("The exhibit is open again to both sides.")
    show = partial(_page, sitting_id, exhibit=exhibit)
    return await act(work, show, done, f"/sittings/{sitting_id}/exhibits")


@blueprint.get("/api/sittings/<sitting_id>/exhibits/<exhibit>/pages/<int:page>")
async def picture(sitting_id: str, exhibit: str, page: int) -> Response:
    """One page, as a picture that holds nothing but what is seen."""
    return as_picture(await _exhibits().page(current_person(), sitting_id, exhibit, page))


@blueprint.get("/api/recordings/<sitting_id>/exhibits/<exhibit>/<int:page>")
async def played(sitting_id: str, exhibit: str, page: int) -> Response:
    """A page that was shown in a record, for a viewing that was granted."""
    viewing = request.args.get("viewing", "")
    return as_picture(await _played().page(current_person(), sitting_id, viewing, exhibit, page))


def as_picture(data: bytes) -> Response:
    """PNG or JPEG, kept by no browser."""
    type = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    response = Response(data, content_type=type)
    response.headers["Cache-Control"] = "no-store"
    return response
