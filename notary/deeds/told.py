"""What happened to a request, in words: the history's codes and their message ids."""

from errors import N_
from notary.deeds.state import Step

WORDS: dict[str, str] = {
    "begun": N_("The request was begun"),
    "paper_added": N_("A paper was added"),
    "paper_removed": N_("A paper was taken back"),
    "paper_read": N_("The office read a paper"),
    "bound": N_("Accounts of the people were compared and set"),
    "identified_one": N_("The identity of a person was verified"),
    "asked": N_("The notary asked, and an answer was given"),
    "judged": N_("A person was found capable and free"),
    "oath_given": N_("An oath was taken"),
    "consent_given": N_("A person consented"),
    "signed": N_("A person signed"),
    "copied": N_("A copy was handed out"),
    Step.SUBMIT: N_("The request was sent to the office"),
    Step.TAKE: N_("The office took it for audit"),
    Step.RETURN: N_("The office returned it for completion"),
    Step.APPROVE: N_("The office approved it"),
    Step.APPROVE_FEE_LATER: N_("The office approved it; the fee comes later"),
    Step.PAY: N_("The fee was paid"),
    Step.QUEUE: N_("It waits for the next notary"),
    Step.BOOK: N_("A session was booked"),
    Step.OPEN: N_("The notary began the act"),
    Step.IDENTIFIED: N_("Everybody's identity is verified"),
    Step.CAPABLE: N_("Everybody is capable and free"),
    Step.READ: N_("The deed was read and explained"),
    Step.READ_OATH: N_("The deed was read and explained"),
    Step.SWORN: N_("The oath was taken"),
    Step.CONSENTED: N_("Everybody consented; the signing began"),
    Step.CHANGE: N_("The text was changed"),
    Step.SUSPEND: N_("The session was suspended"),
    Step.RESUME: N_("The session went on, from the identity check"),
    Step.RESUME_SIGNING: N_("The session went on with the signatures"),
    Step.SEAL: N_("The notary signed and sealed"),
    Step.REGISTER: N_("The deed was entered in the register"),
    Step.DELIVER: N_("The deed was handed out"),
    Step.REFUSE: N_("The notary refused, with reasons"),
    Step.GRIEVE: N_("A grievance was filed"),
    Step.UPHOLD: N_("The director upheld the refusal"),
    Step.OVERTURN: N_("The director overturned the refusal"),
    Step.REOPEN: N_("It is audited anew"),
    Step.CONVERT: N_("It was converted to in-person"),
    Step.CANCEL: N_("The request was cancelled"),
    Step.EXPIRE: N_("The request lapsed"),
}


def words(type: str) -> str:
    """The message id for a code of the history."""
    return WORDS.get(type, type)
