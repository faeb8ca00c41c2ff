"""A marriage in its sitting, and what its room shows at this moment."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from errors import N_, BadInput, Refusal
from notary.marriage.application import Part
from notary.marriage.file import File
from notary.marriage.ports import Live
from notary.marriage.watching import seats_of
from sessions import store as booked
from sessions.seat import SeatRole
from sessions.sitting import Sitting
from signaling.sight import Sight


@dataclass(frozen=True, slots=True)
class Scene:
    """A marriage in its sitting, and the room at this moment."""

    one: File
    sitting: Sitting
    sight: Sight

    @property
    def seats(self) -> dict[Part, str]:
        """The seat of each part."""
        return seats_of(self.one, self.sitting)

    def seat(self, part: Part) -> str:
        """Of somebody who takes part. Raises BadInput."""
        found = self.seats.get(part)
        if found is None:
            raise BadInput("marriage.who", N_("Choose a person from the list."), field="part")
        return found


async def take(session: AsyncSession, live: Live, one: File) -> Scene:
    """The scene of a file now. Raises Refusal `marriage.no_room`."""
    sitting = await booked.get_sitting(session, one.sitting) if one.sitting else None
    sight = live.sight(one.sitting) if sitting else None
    if sitting is None or sight is None:
        raise Refusal(
            "marriage.no_room", N_("Nobody is in the live room of this marriage. Enter it.")
        )
    return Scene(one, sitting, sight)


def alone(scene: Scene, part: Part) -> bool:
    """Officiant and this person are together in a private room, with interpreters at most."""
    two = {scene.seat(part), scene.seat(Part.OFFICIANT)}
    others = {seat.id for seat in scene.sitting.seats if seat.role is SeatRole.INTERPRETER}
    return any(two <= room and room - two <= others for room in scene.sight.private)
