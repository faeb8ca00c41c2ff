"""Hostile PDFs at the page of verification, through the process and the limits that it uses: never
called right, never an error, and always an answer (hard check 6)."""

from errors import BadInput
from notary.documents.render import Rendered
from recordings.checking.service import Checking
from tests.notary.signing.hostile import HEAD, corpus
from tests.recordings.test_checking import pieces


async def test_no_hostile_file_is_called_right_and_each_is_answered(
    checking: Checking, sealed: bytes, rendered: Rendered
) -> None:
    told: dict[str, str] = {}
    for number, (name, data) in enumerate(corpus(sealed, rendered.pdf).items()):
        try:
            outcome = await checking.check(f"192.0.2.{number}", pieces(data))
        except BadInput:
            told[name] = "fails" if not data.startswith(HEAD) else "refused"
            continue
        told[name] = outcome.verdict
        if outcome.finding is not None and outcome.finding.holds:
            told[name] = "holds"
    right = ("fails", "unusable", "open", "unknown")
    wrong = {name: one for name, one in told.items() if one not in right}
    assert not wrong, told
    assert len(told) >= 30
