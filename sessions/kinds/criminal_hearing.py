"""Criminal trial session (law.md 1.2; FDL 38/2022 Arts 159-172, 414-427; Min. Res. 259/2019)."""

from errors import N_
from sessions.alarm import LOST, Alarm
from sessions.kind import Admission, AgendaStep, Kind, Recording, RoleRule
from sessions.seat import SeatRole

KIND = Kind(
    code="criminal_hearing",
    title=N_("Criminal hearing"),
    roles=(
        RoleRule(SeatRole.PRESIDING_JUDGE, 1, 1, Admission.SELF, must_be_present=True),
        RoleRule(SeatRole.PANEL_JUDGE, 0, 4, Admission.SELF),
        RoleRule(SeatRole.CLERK, 1, 1, Admission.SELF, must_be_present=True),
        RoleRule(SeatRole.PROSECUTOR, 1, 2),
        RoleRule(SeatRole.ACCUSED, 1, 6),
        RoleRule(SeatRole.VICTIM, 0, 4),
        RoleRule(SeatRole.COUNSEL, 0, 8),
        RoleRule(SeatRole.GUARDIAN, 0, 4),
        RoleRule(SeatRole.INTERPRETER, 0, 4),
        RoleRule(SeatRole.WITNESS, 0, 12, Admission.CALLED),
        RoleRule(SeatRole.EXPERT, 0, 4, Admission.CALLED),
    ),
    hosts=frozenset({SeatRole.PRESIDING_JUDGE, SeatRole.CLERK}),
    recording=Recording.REQUIRED,
    viewing_needs_order=True,
    public=True,
    private_consultation=True,
    agenda=(
        AgendaStep("call", N_("Parties and witnesses are called"), "R-CR-21"),
        AgendaStep("identity", N_("Identity of the accused"), "R-CR-21"),
        AgendaStep("charge", N_("The charge is read"), "R-CR-21"),
        AgendaStep("prosecution", N_("Prosecution and civil claims"), "R-CR-21"),
        AgendaStep("plea", N_("The accused answers the charge"), "R-CR-21"),
        AgendaStep("witnesses_prosecution", N_("Witnesses for the prosecution"), "R-CR-21"),
        AgendaStep("witnesses_defence", N_("Witnesses for the defence"), "R-CR-21"),
        AgendaStep("closing", N_("Closing statements"), "R-CR-21"),
        AgendaStep("last_word", N_("The accused speaks last"), "R-CR-21"),
    ),
    sources=(
        "R-CR-09",
        "R-CR-10",
        "R-CR-13",
        "R-CR-19",
        "R-CR-20",
        "R-CR-21",
        "R-CR-22",
        "R-CR-23",
    ),
    asks_offence=True,
    suspends=LOST | {Alarm.SPEECH_MISSING},  # what is said counts only on record (R-CR-10)
)
