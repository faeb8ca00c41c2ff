"""Organisations that people belong to: courts, prosecutions, prisons, law firms..."""

from dataclasses import dataclass
from enum import StrEnum

from auth.person import Role
from errors import N_, BadInput


class Sort(StrEnum):
    """Sort of organisation. Codes; `SORTS` has their message ids."""

    COURT = "court"
    PROSECUTION = "prosecution"
    PRISON = "prison"
    POLICE_SECTOR = "police_sector"
    NOTARY_OFFICE = "notary_office"
    LAW_FIRM = "law_firm"
    OTHER = "other"


SORTS: dict[Sort, str] = {
    Sort.COURT: N_("Court"),
    Sort.PROSECUTION: N_("Public prosecution"),
    Sort.PRISON: N_("Punitive and reformatory institution"),
    Sort.POLICE_SECTOR: N_("Police sector"),
    Sort.NOTARY_OFFICE: N_("Notary office"),
    Sort.LAW_FIRM: N_("Law firm"),
    Sort.OTHER: N_("Other body"),
}

_HOMES: dict[Role, frozenset[Sort]] = {
    Role.JUDGE: frozenset({Sort.COURT}),
    Role.CLERK: frozenset({Sort.COURT, Sort.PROSECUTION, Sort.NOTARY_OFFICE}),
    Role.PROSECUTOR: frozenset({Sort.PROSECUTION}),
    Role.LAWYER: frozenset({Sort.LAW_FIRM}),
    Role.FACILITY_OFFICER: frozenset({Sort.PRISON, Sort.POLICE_SECTOR}),
}
"""Where an office can be held. A role that is not named here can belong anywhere, or nowhere."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """One body. `code` is short and unique: people's files name it (`dxb-court`)."""

    id: str
    code: str
    sort: Sort
    name_ar: str
    name_en: str
    active: bool = True


def check_home(role: Role, home: Organisation | None) -> None:
    """Raise BadInput for an office that is not held in such a body, or one that is closed."""
    if home is None:
        return
    if not home.active:
        raise BadInput(
            "organisation.closed",
            N_("This organisation is closed. Choose another one."),
            field="organisation",
        )
    if home.sort not in _HOMES.get(role, frozenset(Sort)):
        raise BadInput(
            "organisation.wrong_sort",
            N_("Nobody of this role belongs to such an organisation. Choose another one."),
            field="organisation",
        )
