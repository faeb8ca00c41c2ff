"""Chromium with fake camera and microphone at the live room's pages, and their screenshots.

`python -m tests.browser.room_pages FOLDER` writes a picture of every view in both languages at
1280 and 390 px into FOLDER, for people to look at; `FOLDER twelve` of a full court.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from signaling import messages as m
from signaling.ports import Exhibit
from tests.browser.mock_room import FULL, MORE, MockRoom, served
from tools.chromium import QUIET, executable

ARGUMENTS = [
    *QUIET,
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--auto-select-desktop-capture-source=Entire screen",
]


@contextmanager
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        yield chromium
        chromium.close()


class Visitors:
    """Opens pages of seats; collects their errors."""

    def __init__(self, chromium: Browser, address: str) -> None:
        self.chromium = chromium
        self.address = address
        self.wrong: list[str] = []
        self.contexts: list[BrowserContext] = []

    def open(
        self,
        seat: str,
        *,
        language: str = "en",
        width: int = 1280,
        script: str = "",
        wait: bool = True,
    ) -> Page:
        """The seat's page, connected (or at whatever it shows instead). `script` runs first."""
        context = self.chromium.new_context(
            viewport={"width": width, "height": 844 if width < 500 else 800},
            reduced_motion="reduce",
            has_touch=width < 500,
        )
        self.contexts.append(context)
        page = context.new_page()
        if script:
            page.add_init_script(script)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self._console)
        page.goto(f"{self.address}/{language}/mock/room/{seat}")
        if wait:
            page.locator("html[data-view]:not([data-view=connecting])").wait_for(state="attached")
        page.evaluate("document.fonts.ready")
        return page

    def _console(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        expected = "WebSocket" in text or "status of" in text or "net::ERR" in text
        if kind == "error" and not expected:
            self.wrong.append(text)

    def leave(self, page: Page) -> None:
        """Close one page."""
        self.contexts.remove(page.context)
        page.context.close()

    def close(self) -> None:
        """Close every page."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()


def in_session(mock: MockRoom) -> None:
    """Everybody is there; the sitting is on record; the witness waits."""
    mock.arrive("judge", "clerk", "prosecutor", "accused", "counsel", "victim", "interpreter")
    mock.arrive("witness")
    mock.command("clerk", m.Open())
    mock.command("accused", m.Attest(identity=True, restraints_off=True, others="One officer"))
    mock.command("clerk", m.Admit(seats="all"))
    mock.command("clerk", m.OnRecord())
    mock.command("clerk", m.Agenda(step="charge", state="current"))
    mock.command("clerk", m.Note(text="The charge is read by the prosecution."))
    mock.command("clerk", m.Note(text="المتهم يجيب بأنه غير مذنب."))
    mock.command("counsel", m.Hand(raised=True))
    mock.command("judge", m.Floor(seat="prosecutor"))
    mock.lines.update(judge="good", accused="poor", counsel="good", prosecutor="good", victim="bad")
    mock.speak("prosecutor")


def full_court(mock: MockRoom) -> None:
    """Everybody is in the hearing, the called too, and it is on record."""
    mock.arrive(*(seat.id for seat in mock.room.sitting.seats))
    mock.command("clerk", m.Open())
    mock.command("accused", m.Attest(identity=True, restraints_off=True, others="One officer"))
    mock.command("clerk", m.IdentityCheck(seat="witness", result="verified", document="passport"))
    mock.command("clerk", m.Admit(seats="all"))
    mock.command("clerk", m.Admit(seats=["expert"]))
    mock.command("clerk", m.Admit(seats=["witness"]))
    mock.command("clerk", m.OnRecord())
    mock.command("judge", m.Floor(seat="prosecutor"))
    mock.command("counsel", m.Hand(raised=True))
    mock.command("interpreter", m.Interpret(channel="en"))
    mock.command("relay", m.Listen(channel="en"))
    mock.command("accused", m.Listen(channel="en"))
    mock.lines.update(judge="good", accused="poor", counsel="good", prosecutor="good", victim="bad")
    mock.speak("prosecutor")


CROWD = Path(__file__).with_name("crowd.js").read_text("utf-8")


def fill(page: Page, mock: MockRoom, without: str = "") -> None:
    """Give everybody without a page, but `without`, a drawn picture from `page`."""
    module = page.locator('script[src*="/room/main.js"]').get_attribute("src")
    taken = {*mock.sockets, without}
    seats = [seat.id for seat in mock.room.sitting.seats if seat.id not in taken]
    page.evaluate(CROWD, {"base": str(module).rsplit("/", 1)[0], "seats": seats})


FACE = Path(__file__).with_name("face.js").read_text("utf-8")
"""In place of camera and microphone: a drawn face and silence, so that nobody is the loudest."""


def twelve(folder: Path) -> None:
    """Pictures of a hearing of twelve, and of sixteen: both languages, desk and telephone."""
    folder.mkdir(parents=True, exist_ok=True)
    with browser() as chromium:
        for count, seats in (("twelve", FULL), ("sixteen", MORE)):
            mock = MockRoom(starts_in=-120, seats=seats)
            with served(mock) as address:
                full_court(mock)
                visitors = Visitors(chromium, address)
                crowd = visitors.open("clerk", script=FACE)
                for seat in ("judge", "accused", "interpreter"):
                    _views(visitors, mock, crowd, seat, folder / f"{count}-{seat}")
                mock.command("judge", m.AllowScreen(seat="interpreter", allowed=True))
                sharing = visitors.open("interpreter", script=FACE)
                sharing.locator('[data-control="screen"]').click()
                _views(visitors, mock, crowd, "judge", folder / f"{count}-screen")
                visitors.close()
                if visitors.wrong:
                    print(count, visitors.wrong, file=sys.stderr)


def _views(visitors: Visitors, mock: MockRoom, crowd: Page, seat: str, path: Path) -> None:
    for language in ("en", "ar"):
        for width in (1280, 390):
            page = visitors.open(seat, language=language, width=width, script=FACE)
            fill(crowd, mock, seat)
            page.locator(".tile video:not(.no-picture)").nth(3).wait_for(state="attached")
            page.wait_for_timeout(2500)
            mock.speak("prosecutor")
            page.wait_for_timeout(400)
            page.screenshot(path=path.with_name(f"{path.name}-{language}-{width}.png"))
            visitors.leave(page)


def go_private(mock: MockRoom) -> None:
    """Counsel and the accused are in a private room."""
    mock.command("counsel", m.PrivateInvite(seats=["accused"]))
    room = next(iter(mock.room.live.private))
    mock.command("accused", m.PrivateAnswer(room=room, accept=True))
    mock.command("accused", m.OfficerOut(room=room))


def _invited(mock: MockRoom) -> None:
    in_session(mock)
    mock.command("counsel", m.PrivateInvite(seats=["accused"]))


def _step_out(mock: MockRoom) -> None:
    _invited(mock)
    room = next(iter(mock.room.live.private))
    mock.command("accused", m.PrivateAnswer(room=room, accept=True))


def _private(mock: MockRoom) -> None:
    in_session(mock)
    go_private(mock)


def _recess(mock: MockRoom) -> None:
    in_session(mock)
    mock.command("judge", m.Recess(minutes=15))


def _alarm(mock: MockRoom) -> None:
    in_session(mock)
    mock.command("accused", m.CannotHear(on=True))
    mock.alarm()


def _warned(mock: MockRoom) -> None:
    in_session(mock)
    mock.warn("counsel")
    mock.miss("victim")


def _weak(mock: MockRoom) -> None:
    in_session(mock)
    mock.paused.update(("judge", "accused"))


def _lobby(mock: MockRoom) -> None:
    mock.arrive("counsel", "victim", "witness", "accused", "interpreter")
    kit = m.Kit(camera="ok", microphone="ok", speaker="ok", round_trip_ms=40, loss=0, result="good")
    mock.command("counsel", kit)
    mock.lines.update(counsel="good", victim="poor")


def _door(mock: MockRoom) -> None:
    in_session(mock)
    mock.command("witness", m.Sources(microphone=True, camera=True))
    mock.command("clerk", m.AskRoom(seat="witness"))
    command = m.IdentityCheck(seat="witness", result="not_proved", document="gcc_id")
    mock.command("clerk", command)


def _nothing(mock: MockRoom) -> None:
    return


def _tab(name: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        if page.locator(".control-panel").is_visible():
            page.locator(".control-panel").click()
        page.locator(f"#tab-{name}").click()

    return act


def _click(selector: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        if not page.locator(selector).first.is_visible():
            page.locator('[data-control="more"]').click()
        page.locator(selector).first.click()

    return act


def _still(_page: Page) -> None:
    return


def _oath(page: Page) -> None:
    _tab("people")(page)
    page.locator('[data-seat="interpreter"] .seat-actions button').first.click()


def _drawn(page: Page) -> None:
    page.locator(".exhibit-image").evaluate("image => image.decode()")


EXHIBITS = (
    Exhibit("e1", "P-1", "صورة العقد المؤرخ 1 مارس 2026", 3, "prosecutor", "a" * 64),
    Exhibit("e2", "D-1", "Bank statement, January to March 2026", 1, "counsel", "b" * 64),
    Exhibit("e3", "C-1", "Medical report", 4, "clerk", "c" * 64, ("counsel",)),
)


def exhibit_shown(mock: MockRoom) -> None:
    """Three exhibits were filed; the prosecutor shows one by leave, the court admitted another."""
    in_session(mock)
    mock.room = mock.room.with_exhibits(EXHIBITS)
    mock.command("judge", m.AllowExhibits(seat="prosecutor", allowed=True))
    mock.command("judge", m.RuleExhibit(exhibit="e2", ruling="admitted"))
    mock.command("prosecutor", m.ShowExhibit(exhibit="e1", page=2))


VIEWS: dict[str, tuple[Callable[[MockRoom], None], str, Callable[[Page], None]]] = {
    "lobby": (_nothing, "counsel", _still),
    "lobby-detained": (_nothing, "accused", _still),
    "witness-room": (in_session, "witness", _still),
    "host-lobby": (_lobby, "clerk", _tab("people")),
    "host-hearing": (in_session, "judge", _still),
    "host-people": (in_session, "clerk", _tab("people")),
    "host-agenda": (in_session, "clerk", _tab("agenda")),
    "host-notes": (in_session, "clerk", _tab("notes")),
    "host-record": (in_session, "clerk", _tab("record")),
    "host-more": (in_session, "judge", _click(".hostbar [aria-expanded]")),
    "party-hearing": (in_session, "victim", _still),
    "weak-line": (_weak, "victim", _still),
    "detained-hearing": (in_session, "accused", _still),
    "invited": (_invited, "accused", _still),
    "step-out": (_step_out, "accused", _still),
    "private": (_private, "counsel", _still),
    "recess": (_recess, "victim", _still),
    "alarm": (_alarm, "judge", _still),
    "warned": (_warned, "judge", _tab("record")),
    "devices": (in_session, "victim", _click('[data-control="devices"]')),
    "door-clerk": (_door, "clerk", _tab("people")),
    "door-judge": (_door, "judge", _tab("people")),
    "door-witness": (_door, "witness", _still),
    "door-oath": (in_session, "judge", _oath),
    "exhibits-judge": (exhibit_shown, "judge", _tab("exhibits")),
    "exhibits-party": (exhibit_shown, "victim", _drawn),
    "attest": (_nothing, "accused", _click(".notice .aegov-btn")),
}
"""name: how the sitting got there, whose page, what the person did."""


def pictures(folder: Path, wanted: list[str]) -> None:
    """Write all views, or the `wanted` ones."""
    folder.mkdir(parents=True, exist_ok=True)
    with browser() as chromium:
        for name, (prepare, seat, act) in VIEWS.items():
            if wanted and name not in wanted:
                continue
            mock = MockRoom(starts_in=600 if "lobby" in name else -120)
            with served(mock) as address:
                prepare(mock)
                visitors = Visitors(chromium, address)
                for language in ("en", "ar"):
                    for width in (1280, 390):
                        page = visitors.open(seat, language=language, width=width)
                        page.wait_for_timeout(900)
                        act(page)
                        page.wait_for_timeout(300)
                        page.screenshot(path=folder / f"{name}-{language}-{width}.png")
                        visitors.close()
                if visitors.wrong:
                    print(name, visitors.wrong, file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[2:] == ["twelve"]:
        twelve(Path(sys.argv[1]))
    else:
        pictures(Path(sys.argv[1]), sys.argv[2:])
