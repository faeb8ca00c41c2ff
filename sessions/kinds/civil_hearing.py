"""Civil, commercial or labour hearing (law.md 1.3; FDL 42/2022 Arts 328-338)."""

from errors import N_
from sessions.kind import Admission, AgendaStep, Kind, Recording, RoleRule
from sessions.seat import SeatRole

KIND = Kind(
    code="civil_hearing",
    title=N_("Civil hearing"),
    roles=(
        RoleRule(SeatRole.PRESIDING_JUDGE, 1, 1, Admission.SELF, must_be_present=True),
        RoleRule(SeatRole.PANEL_JUDGE, 0, 4, Admission.SELF),
        RoleRule(SeatRole.CLERK, 1, 1, Admission.SELF, must_be_present=True),
        RoleRule(SeatRole.CLAIMANT, 1, 6),
        RoleRule(SeatRole.RESPONDENT, 1, 6),
        RoleRule(SeatRole.COUNSEL, 0, 12),
        RoleRule(SeatRole.GUARDIAN, 0, 4),
        RoleRule(SeatRole.INTERPRETER, 0, 4),
        RoleRule(SeatRole.WITNESS, 0, 12, Admission.CALLED),
        RoleRule(SeatRole.EXPERT, 0, 4, Admission.CALLED),
    ),
    hosts=frozenset({SeatRole.PRESIDING_JUDGE, SeatRole.CLERK}),
    recording=Recording.OPTIONAL,
    viewing_needs_order=False,
    public=True,
    private_consultation=True,
    agenda=(
        AgendaStep("call", N_("Parties are called"), "R-CV-02"),
        AgendaStep("claim", N_("The claimant states the claim"), "R-CV-02"),
        AgendaStep("answer", N_("The defendant answers"), "R-CV-02"),
        AgendaStep("evidence", N_("Documents and witnesses"), "R-CV-02"),
        AgendaStep("closing", N_("Closing statements"), "R-CV-02"),
        AgendaStep("decision", N_("Decision or next date"), "R-CV-02"),
    ),
    sources=("R-CV-01", "R-CV-02", "R-CV-05", "R-CV-06", "R-CV-07"),
)
