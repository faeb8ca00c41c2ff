"""Lawyer-client consultation (law.md 5.2 no. 2 and 6; Law 43/1992 Arts 18, 23; R-DT-03, R-DT-04).

The officer is in sight and out of hearing; nothing is recorded; only names, permit and times are
logged.
"""

from errors import N_
from sessions.kind import Admission, AgendaStep, Kind, Recording, RoleRule
from sessions.seat import SeatRole

KIND = Kind(
    code="consultation",
    title=N_("Lawyer-client private consultation"),
    roles=(
        RoleRule(SeatRole.COUNSEL, 1, 2, Admission.SELF),
        RoleRule(SeatRole.CLIENT, 1, 2, Admission.HOST),
        RoleRule(SeatRole.GUARDIAN, 0, 1, Admission.HOST),
        RoleRule(SeatRole.INTERPRETER, 0, 1, Admission.HOST),
    ),
    hosts=frozenset({SeatRole.COUNSEL}),
    recording=Recording.FORBIDDEN,
    viewing_needs_order=False,
    public=False,
    private_consultation=False,
    agenda=(AgendaStep("consultation", N_("Consultation"), "R-DT-04"),),
    sources=("R-CR-09", "R-DT-03", "R-DT-04", "R-DT-05"),
    asks_permit=True,
)
