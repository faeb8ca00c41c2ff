"""Detention facilities and their video rooms (law.md 5)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facility:
    """A prison, a police station, a remand centre."""

    id: str
    name_ar: str
    name_en: str


@dataclass(frozen=True, slots=True)
class DetentionRoom:
    """A room with a device that opens a detained person's seat. Its officers operate it."""

    id: str
    facility: Facility
    name_ar: str
    name_en: str
    active: bool
    """An inactive room cannot be booked; what is booked in it stays."""
    officers: frozenset[str]
    """Account ids."""
    networks: tuple[str, ...] = ()
    """Where its enrolled devices may come from (CIDR). None named: from nowhere."""

    def name(self, language: str) -> str:
        """Room and facility in `language`."""
        if language == "ar":
            return f"{self.name_ar or self.name_en}، {self.facility.name_ar}"
        return f"{self.name_en or self.name_ar}, {self.facility.name_en}"
