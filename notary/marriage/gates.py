"""The gates of a marriage: may it be contracted on this day, by the rules of this track?

Each gate is one rule of the pack (law.md 2.1, M1-M16) and one function; the numbers stand in the
rule, so a changed pack changes the answer. A track names its gates in order.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from errors import N_
from notary.marriage import gates_helped as helped
from notary.marriage import gates_persons as persons
from notary.marriage import gates_terms as terms
from notary.marriage.application import Application
from notary.marriage.finding import Finding, GateState
from notary.marriage.track import Track, serves
from sessions.rules import RulePack

Gate = Callable[[Application, RulePack, date], Iterator[Finding]]

GATES: dict[str, Gate] = {
    "R-MR-01": persons.identity,
    "R-MR-02": persons.venue,
    "R-MR-03": persons.age,
    "R-MR-04": persons.age_gap,
    "R-MR-05": terms.medical,
    "R-MR-06": terms.bride_status,
    "R-MR-07": terms.groom_status,
    "R-MR-08": terms.impediments,
    "R-MR-09": persons.guardian,
    "R-MR-10": persons.agents,
    "R-MR-11": terms.prior_leave,
    "R-MR-12": terms.approvals,
    "R-MR-13": terms.dower,
    "R-MR-14": terms.conditions,
    "R-MR-15": persons.witnesses,
    "R-MR-17": persons.officiant,
    "R-MR-20": terms.disclosure,
    "R-MR-21": helped.interpreters,
}

TITLES: dict[str, str] = {
    "R-MR-01": N_("Identity of everybody"),
    "R-MR-02": N_("Competent court"),
    "R-MR-03": N_("Age of marriage"),
    "R-MR-04": N_("Difference of age"),
    "R-MR-05": N_("Premarital medical certificate"),
    "R-MR-06": N_("Previous status of the bride"),
    "R-MR-07": N_("Previous status of the groom"),
    "R-MR-08": N_("Impediments"),
    "R-MR-09": N_("Guardian in marriage"),
    "R-MR-10": N_("Agents and their powers of attorney"),
    "R-MR-11": N_("Prior leave of the judge"),
    "R-MR-12": N_("Approvals of employers and embassies"),
    "R-MR-13": N_("Dower"),
    "R-MR-14": N_("Conditions of both"),
    "R-MR-15": N_("Witnesses of the contract"),
    "R-MR-17": N_("Independence of the officiant"),
    "R-MR-20": N_("Disclosure of previous marriages"),
    "R-MR-21": N_("Interpreters"),
    "track": N_("Track"),
}


def evaluate(
    app: Application, track: Track, pack: RulePack, day: date
) -> tuple[tuple[str, tuple[Finding, ...]], ...]:
    """Every gate of the track with its findings, in the track's order.

    A gate without anything to say has one finding, PASSED. `day` is the day of the contract if it
    is fixed, else today: what is valid now may have lapsed by then.
    """
    found: list[tuple[str, tuple[Finding, ...]]] = []
    if not serves(track, app, pack.jurisdiction):
        closed = Finding(
            "track",
            GateState.FAILED,
            N_("This track is not open to you."),
            N_("Choose another track; the page says where to turn."),
            ("track", "groom.religion", "bride.religion"),
        )
        found.append(("track", (closed,)))
    for rule in track.gates:
        findings = tuple(GATES[rule](app, pack, day))
        passed = Finding(rule, GateState.PASSED, N_("In order."))
        found.append((rule, findings or (passed,)))
    return tuple(found)


def blocking(findings: Iterable[tuple[str, tuple[Finding, ...]]]) -> tuple[Finding, ...]:
    """What stands in the way; empty: the marriage may be contracted."""
    return tuple(finding for _, group in findings for finding in group if finding.blocks)


def unacknowledged(findings: Iterable[tuple[str, tuple[Finding, ...]]]) -> tuple[Finding, ...]:
    """Warnings that both spouses must still confirm; they never refuse (law.md M13)."""
    return tuple(
        finding for _, group in findings for finding in group if finding.state is GateState.WARNING
    )
