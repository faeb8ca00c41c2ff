"""Sitting in which a marriage is contracted (law.md 2.2, 5-11; R-MR-09, 15, 19).

The officiant presides alone. What the law asks of the contract itself is guarded by
`notary.marriage.majlis`; who must come, and who signs, is the track's (`rules/marriage`).
"""

from errors import N_
from sessions.kind import Admission, Kind, Recording, RoleRule
from sessions.seat import SeatRole

KIND = Kind(
    code="marriage_contract",
    title=N_("Marriage sitting"),
    roles=(
        RoleRule(SeatRole.OFFICIANT, 1, 1, Admission.SELF, must_be_present=True),
        RoleRule(SeatRole.GROOM, 0, 1),
        RoleRule(SeatRole.BRIDE, 0, 1),
        RoleRule(SeatRole.WALI, 0, 1),
        RoleRule(SeatRole.CONTRACT_WITNESS, 0, 2),
        RoleRule(SeatRole.MARRIAGE_AGENT, 0, 2),
        RoleRule(SeatRole.INTERPRETER, 0, 4),
    ),
    hosts=frozenset({SeatRole.OFFICIANT}),
    recording=Recording.REQUIRED,
    viewing_needs_order=True,
    public=False,
    private_consultation=True,
    agenda=(),
    sources=("R-MR-01", "R-MR-09", "R-MR-15", "R-MR-19"),
    heard_alone=frozenset({SeatRole.GROOM, SeatRole.BRIDE, SeatRole.MARRIAGE_AGENT}),
)
