"""The name of a protected person for everybody who may not learn the real one."""

import i18n
from sessions.seat import LABELS, Seat
from sessions.sitting import Sitting

_LETTERS = {"ar": "أبتثجحخدذرزسشصضطظعغفقكلمنهوي", "en": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def pseudonym(sitting: Sitting, seat: Seat, language: str) -> str:
    """'Witness A': the role, and a letter by the order of the protected seats of that role."""
    alike = [one.id for one in sitting.seats if one.screened_from and one.role is seat.role]
    letters = _LETTERS["ar" if language == "ar" else "en"]
    number = alike.index(seat.id)
    letter = letters[number] if number < len(letters) else str(number + 1)
    return f"{i18n.translate(language, LABELS[seat.role])} {letter}"


def masked(sitting: Sitting, text: str, language: str) -> str:
    """A text that somebody wrote, with the full names of protected persons replaced. A name that is
    written in another way is not found: who writes for the public writes the pseudonym."""
    for seat in sitting.seats:
        if seat.screened_from:
            for name in filter(None, (seat.name_ar, seat.name_en)):
                text = text.replace(name, pseudonym(sitting, seat, language))
    return text
