"""Session of a notarial act (law.md 3.2; FDL 20/2022 Arts 7, 8, 18, 19; Cabinet Res. 16/2024).

The notary presides alone. The act's own steps are guarded by `notary.deeds.conduct`; the agenda
here is what everybody sees of them, and follows them by itself (`notary.deeds.agenda`).
"""

from errors import N_
from sessions.kind import Admission, AgendaStep, Kind, Recording, RoleRule
from sessions.seat import SeatRole

KIND = Kind(
    code="notarial_act",
    title=N_("Notary session"),
    roles=(
        RoleRule(SeatRole.NOTARY, 1, 1, Admission.SELF, must_be_present=True),
        RoleRule(SeatRole.APPEARER, 1, 20, must_be_present=True),
        RoleRule(SeatRole.INTERPRETER, 0, 4),
        RoleRule(SeatRole.ASSISTANT, 0, 4),
        RoleRule(SeatRole.CURATOR, 0, 4),
    ),
    hosts=frozenset({SeatRole.NOTARY}),
    recording=Recording.REQUIRED,
    viewing_needs_order=True,
    public=False,
    private_consultation=False,
    agenda=(
        AgendaStep("identity", N_("Identity of everybody"), "R-NT-11"),
        AgendaStep("capacity", N_("Capacity and free will"), "R-NT-11"),
        AgendaStep("reading", N_("The deed is read and explained"), "R-NT-14"),
        AgendaStep("oath", N_("Oath, where the act has one"), "R-NT-09"),
        AgendaStep("consent", N_("Consent"), "R-NT-11"),
        AgendaStep("signing", N_("Everybody signs"), "R-NT-11"),
        AgendaStep("closing", N_("The notary signs and seals"), "R-NT-14"),
    ),
    agenda_by_act=True,
    sources=("R-NT-03", "R-NT-09", "R-NT-11", "R-NT-14"),
)
