"""What officiant and spouse write to each other in the private room, where one cannot speak.

It is kept exactly as long as what is spoken there: nobody else reads it, no disk has it, no log
names a word of it. It is gone with the conclusion, with the end of the private room, and with the
process. The record has what it has of the spoken interview: which questions were put, what the
conclusion is, and that it was answered in writing (law.md 2.2 step 7; FL 28/2005 Art 41).
"""

from dataclasses import dataclass, field

from auth.person import Person
from errors import N_, BadInput, Refusal
from notary.deeds.text import clean
from notary.marriage.application import Part
from notary.marriage.core import Core
from notary.marriage.file import File
from notary.marriage.officiating import track_of
from notary.marriage.ports import Live
from notary.marriage.scene import Scene, alone, take
from notary.marriage.workflow import FileState
from signaling.sight import Sight

WORDS_MOST = 500
LINES_MOST = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was written. `question`: a code of the track's questions instead of words."""

    by: Part
    words: str = ""
    question: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What two people wrote in one private room."""

    pair: frozenset[tuple[str, str]]
    """Seats of the two, each with the page that holds it: another page is somebody unknown."""
    lines: tuple[Line, ...] = ()


def with_whom(one: File, scene: Scene | None, me: Part | None) -> Part | None:
    """The other of the two in the private room with the officiant; None for everybody else."""
    if one.majlis is None or scene is None or me is None:
        return None
    for part in one.majlis.consenting:
        if me in (part, Part.OFFICIANT) and part in scene.seats and alone(scene, part):
            return Part.OFFICIANT if me is part else part
    return None


@dataclass
class Writing:
    """One per process. Nothing of it is stored."""

    core: Core
    live: Live
    _sheets: dict[str, Sheet] = field(default_factory=dict, repr=False)
    """By sitting."""

    async def write(self, actor: Person, id: str, words: str, question: str = "") -> None:
        """Write to the other in the private room; the officiant may put a question of the track.

        Raises Refusal `marriage.not_private` to anybody else and at any other moment,
        `marriage.too_much`, BadInput `marriage.words`.
        """
        said = clean(words, WORDS_MOST, lines=True, field="words")
        async with self.core.database.unit(write=False) as session:
            one = await self.core.load(session, actor, id, "marriage.write_privately")
            if one.state is not FileState.IN_SESSION:
                raise _not_private()
            scene = await take(session, self.live, one)
        me = one.part_of(actor.id)
        other = with_whom(one, scene, me)
        if me is None or other is None:
            raise _not_private()
        if question and (
            me is not Part.OFFICIANT or question not in track_of(self.core, one).consent
        ):
            raise BadInput("marriage.words", N_("Choose from the list."), field="question")
        if not said and not question:
            raise BadInput("marriage.words", N_("Write the words."), field="words")
        pair = _pair(scene.sight, scene.seat(me), scene.seat(other))
        sheet = self._sheets.get(one.sitting)
        lines = sheet.lines if sheet is not None and sheet.pair == pair else ()
        if len(lines) >= LINES_MOST:
            raise Refusal(
                "marriage.too_much", N_("Much was written already. Write the conclusion now.")
            )
        line = Line(me, "" if question else said, question)
        self._sheets[one.sitting] = Sheet(pair, (*lines, line))
        await self.live.nudge(one.sitting)

    def lines(self, one: File, scene: Scene | None, me: Part | None) -> tuple[Line, ...]:
        """What the two wrote, for the two alone while they are in the private room."""
        other, sheet = with_whom(one, scene, me), self._sheets.get(one.sitting)
        if me is None or other is None or scene is None or sheet is None:
            return ()
        pair = _pair(scene.sight, scene.seat(me), scene.seat(other))
        return sheet.lines if sheet.pair == pair else ()

    def answered(self, scene: Scene, part: Part) -> bool:
        """Whether this person wrote an answer to the officiant, with whom the person is alone."""
        if not alone(scene, part):
            return False
        lines = self.lines(scene.one, scene, part)
        return any(line.by is part for line in lines)

    def forget(self, sitting: str) -> None:
        """The conclusion was written: nothing of it is kept."""
        self._sheets.pop(sitting, None)

    def saw(self, sight: Sight) -> None:
        """The room changed: what was written in a private room that ended is gone."""
        sheet = self._sheets.get(sight.sitting)
        if sheet is None:
            return
        seats = [seat for seat, _page in sheet.pair]
        together = any(set(seats) <= room for room in sight.private)
        if not together or sheet.pair != _pair(sight, *seats):
            self.forget(sight.sitting)


def _pair(sight: Sight, *seats: str) -> frozenset[tuple[str, str]]:
    return frozenset((seat, sight.pages.get(seat, "")) for seat in seats)


def _not_private() -> Refusal:
    return Refusal(
        "marriage.not_private_now",
        N_("This is written in the private room only, between the officiant and one person."),
    )
