"""Whose signatures stand on a checkpoint. Runs in the process that checks uploads."""

from dataclasses import dataclass

from audit import checkpoint as checkpoints
from audit import note as notes
from audit.checkpoint import Checkpoint
from audit.errors import NoteError
from recordings.checking.finding import Step
from recordings.checking.kind import Trust

OURS, OTHER, FALSE, MALFORMED = "ours", "other", "false", "malformed"


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint and what its signatures are worth here."""

    whose: str
    """ours: the house's key signed it. other: of a log that is not this house's. false: it
    bears this log's name, and its key did not sign it. malformed: not a checkpoint."""
    checkpoint: Checkpoint | None
    witnesses: int = 0
    """Witnesses of this house that cosigned it."""
    wrong_witness: str = ""
    """Name of a witness of this house whose line is wrong."""
    why: str = ""

    @property
    def steps(self) -> list[Step]:
        """As steps of a finding: signature and witnesses."""
        what = {
            MALFORMED: Step("signature", False, self.why),
            FALSE: Step("signature", False, self.why),
            OTHER: Step("signature", None, "of another log"),
            OURS: Step("signature", True, self.checkpoint.origin if self.checkpoint else ""),
        }
        found = [what[self.whose]]
        if self.whose == OURS:
            wrong = self.wrong_witness
            detail = f"the line of {wrong} is wrong" if wrong else f"{self.witnesses} cosigned"
            found.append(Step("cosigned", not wrong, detail))
        return found

    @property
    def not_checked(self) -> list[str]:
        """What the signatures leave open."""
        if self.whose == OTHER:
            return ["other_log"]
        return ["no_witness"] if self.whose == OURS and not self.witnesses else []

    @property
    def facts(self) -> dict[str, str | int]:
        """Of the checkpoint, for the page."""
        found = self.checkpoint
        if found is None:
            return {}
        return {"origin": found.origin, "size": found.size, "root": found.root.hex()}


def read(note: str | bytes, trust: Trust) -> Signed:
    """Judge a checkpoint. Never raises."""
    ours = notes.parse_vkey(trust.vkey)
    try:
        found = checkpoints.parse(note)
    except NoteError as error:
        return Signed(MALFORMED, None, why=str(error))
    if found.origin != ours.name:
        return Signed(OTHER, found)
    parsed = notes.parse(note)
    try:
        ours.check(parsed)
    except NoteError as error:
        return Signed(FALSE, found, why=str(error))
    lines = {(item.name, item.key_id) for item in parsed.signatures}
    count = 0
    for vkey in trust.witnesses:
        witness = notes.parse_vkey(vkey)
        if (witness.name, witness.key_id) not in lines:
            continue
        try:
            witness.check(parsed)
        except NoteError:
            return Signed(OURS, found, count, witness.name)
        count += 1
    return Signed(OURS, found, count)
