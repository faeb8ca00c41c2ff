"""Labels of this room's codes. The codes are the rule pack's and the application's."""

from errors import N_
from notary.marriage.application import Part, Status
from notary.marriage.helped import NEEDED, WRITING
from notary.marriage.workflow import FileState

PARTS: dict[str, str] = {
    Part.GROOM: N_("Groom"),
    Part.BRIDE: N_("Bride"),
    Part.GUARDIAN: N_("Guardian in marriage"),
    Part.WITNESS_1: N_("First witness"),
    Part.WITNESS_2: N_("Second witness"),
    Part.GROOM_AGENT: N_("Agent of the groom"),
    Part.BRIDE_AGENT: N_("Agent of the bride"),
    Part.OFFICIANT: N_("Officiant (maazoun)"),
    Part.INTERPRETER_1: N_("Interpreter"),
    Part.INTERPRETER_2: N_("Second interpreter"),
}
STATES: dict[FileState, str] = {
    FileState.DRAFT: N_("Draft"),
    FileState.SUBMITTED: N_("With the judge"),
    FileState.RETURNED: N_("Returned for completion"),
    FileState.POSTPONED: N_("Postponed"),
    FileState.APPROVED: N_("Approved"),
    FileState.REFUSED: N_("Refused"),
    FileState.APPEALED: N_("Under appeal"),
    FileState.PAID: N_("Fee paid"),
    FileState.SCHEDULED: N_("Booked"),
    FileState.IN_SESSION: N_("In session"),
    FileState.CONTRACTED: N_("Contracted, waits for ratification"),
    FileState.RETURNED_BY_COURT: N_("Returned by the court"),
    FileState.RATIFIED: N_("Ratified"),
    FileState.CERTIFIED: N_("Certificate issued"),
    FileState.DELIVERED: N_("Delivered"),
    FileState.REFUSED_FINALLY: N_("Refused finally"),
    FileState.LAPSED: N_("Lapsed"),
    FileState.WITHDRAWN: N_("Withdrawn"),
}
SEXES = {"male": N_("Man"), "female": N_("Woman")}
RELIGIONS = {
    "muslim": N_("Muslim"),
    "christian": N_("Christian"),
    "jewish": N_("Jewish"),
    "other": N_("Other religion"),
    "none": N_("No religion"),
}
EMIRATES = {
    "AZ": N_("Abu Dhabi"),
    "DU": N_("Dubai"),
    "SH": N_("Sharjah"),
    "AJ": N_("Ajman"),
    "UQ": N_("Umm Al Quwain"),
    "RK": N_("Ras Al Khaimah"),
    "FU": N_("Fujairah"),
}
DOCUMENTS = {"emirates_id": N_("Emirates ID card"), "passport": N_("Passport")}
_KIN = {
    "father": N_("Father"),
    "grandfather": N_("Grandfather"),
    "son": N_("Son"),
    "brother": N_("Brother"),
    "uncle": N_("Uncle"),
}
GUARDIANS = {**_KIN, "judge": N_("The judge, as guardian")}
RELATIONS = {"none": N_("No relative"), **_KIN, "cousin": N_("Cousin")}
PASSED_OVER = {
    "dead": N_("Has died"),
    "absent": N_("Is absent"),
    "incapable": N_("Cannot act"),
    "refuses": N_("Refuses (adhl)"),
}
GROOM_STATUS: dict[str, str] = {
    Status.SINGLE: N_("Never married"),
    Status.MARRIED: N_("Married now"),
    Status.DIVORCED: N_("Divorced man"),
    Status.WIDOWED: N_("Widower"),
}
BRIDE_STATUS: dict[str, str] = {
    Status.SINGLE: N_("Never married"),
    Status.MARRIED: N_("Married now"),
    Status.DIVORCED_BEFORE_CONSUMMATION: N_("Divorced before consummation"),
    Status.DIVORCED: N_("Divorced after consummation"),
    Status.DIVORCED_BY_COURT: N_("Divorced by a court"),
    Status.WIDOWED: N_("Widow"),
}
DUE = {
    "death_or_divorce": N_("At death or divorce"),
    "date": N_("On a date written among the conditions"),
    "on_demand": N_("On demand"),
}
NEEDS = {**dict.fromkeys(NEEDED, ""), WRITING: N_("None: is mute and writes")}
"""Into what somebody is interpreted; languages are named as the reader names them."""
OUTCOMES = {"fit": N_("Fit"), "refer": N_("A finding: to the judge")}
STANDINGS = {
    "unknown": N_("Not looked up yet"),
    "stands": N_("Stands"),
    "revoked": N_("Was revoked"),
    "not_found": N_("Is in no register"),
}
DELIVERIES = {"collect": N_("Collect it at the court"), "courier": N_("By courier")}
IMPEDIMENTS = {
    "kinship": N_("Are the two related by blood so that marriage is forbidden?"),
    "affinity": N_("Are they related by an earlier marriage (affinity)?"),
    "breastfeeding": N_("Did one woman breastfeed both, five times within the first two years?"),
    "lian": N_("Was an earlier marriage between them ended by li'an?"),
    "two_sisters_together": N_("Is the groom married to her sister, aunt or niece?"),
    "wife_of_another": N_("Is she the wife of another man?"),
    "waiting_period": N_("Is she in a waiting period (iddah)?"),
    "thrice_divorced": N_("Did the two divorce from each other three times?"),
    "ihram": N_("Will one of them be in ihram on the day of the contract?"),
}
PERMISSIONS = {
    "judge_leave.not_resident": N_("Leave: one of them does not reside in the State"),
    "judge_leave.outside_area": N_("Leave: both live outside the area of the court"),
    "judge_leave.guardian_refuses": N_("Leave: the guardian refuses"),
    "judge_leave.citizen_bride_foreign_groom": N_("Leave: citizen bride, foreign groom"),
    "judge_leave.no_guardian": N_("Leave: the judge acts as guardian"),
    "judge_leave.guardianship": N_("Leave: a nearer guardian is passed over"),
    "court_age": N_("Leave of the court: age"),
    "court_age_gap": N_("Approval of the court: difference of age"),
    "medical": N_("Leave of the judge: medical finding"),
    "employer_approval": N_("Approval of the employer"),
    "embassy_no_objection": N_("No-objection of the embassy"),
    "agency_check": N_("Register of powers of attorney"),
    "interpreter": N_("An interpreter, named by the court"),
}
EVENTS = {
    "begun": N_("The application was begun"),
    "invited": N_("A link was made"),
    "joined": N_("Somebody took a part"),
    "released": N_("A part was given free"),
    "contact": N_("An e-mail address was given or taken back"),
    "saved": N_("A page was saved"),
    "paper_added": N_("A paper was added"),
    "paper_removed": N_("A paper was taken back"),
    "paper_read": N_("A paper was read"),
    "acknowledged": N_("A warning was confirmed"),
    "guardian": N_("The guardian answered"),
    "agency": N_("A power of attorney was looked up"),
    "leave": N_("A permission was noted"),
    "interpreter": N_("The court named an interpreter"),
    "submit": N_("Sent to the judge"),
    "return": N_("Returned for completion"),
    "postpone": N_("Postponed"),
    "approve": N_("Accepted by the judge"),
    "refuse": N_("Refused by the judge"),
    "appeal": N_("Appealed"),
    "uphold": N_("The refusal was upheld"),
    "overturn": N_("The refusal was overturned"),
    "pay": N_("The fee was paid"),
    "schedule": N_("Officiant and day were booked"),
    "cancel_session": N_("The officiant declined"),
    "lapse": N_("Lapsed for want of action"),
    "withdraw": N_("Withdrawn by the applicants"),
}
"""Of the history; what happens in and after the sitting has labels of its own."""


def tone(state: FileState) -> str:
    """The colour of a state's badge."""
    s = FileState
    if state in (s.APPROVED, s.PAID, s.SCHEDULED, s.RATIFIED, s.CERTIFIED, s.DELIVERED):
        return "success"
    if state in (s.REFUSED, s.REFUSED_FINALLY, s.LAPSED, s.WITHDRAWN):
        return "error"
    if state in (s.RETURNED, s.POSTPONED, s.RETURNED_BY_COURT):
        return "warning"
    return "info"
