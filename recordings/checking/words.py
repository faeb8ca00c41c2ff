"""What the page says of each step: what it is, and what it means when it fails. Message ids.

A room that adds a kind adds its words with `teach`.
"""

from collections.abc import Mapping

from errors import N_
from recordings.access.scope import OUTSIDE_ORDER, PROTECTED, SEALED
from recordings.verify import TAKEN_BACK

Words = tuple[str, str]
"""What a step shows when it passes; what it means when it fails."""

STEPS: dict[str, Words] = {
    "archive": (
        N_("The file is whole: not a byte was added, moved or cut off."),
        N_("The file was changed, cut off, or packed again by another program."),
    ),
    "canonical": (
        N_("Its list of contents is in order."),
        N_("Its list of contents was changed or cannot be read."),
    ),
    "manifest": (
        N_("Every listed file is there and unchanged, and there is no other."),
        N_("A file is missing, was changed, or was slipped in."),
    ),
    "leaf_format": (
        N_("Each entry of the log is well formed."),
        N_("An entry of the log was changed or cannot be read."),
    ),
    "leaf_order": (
        N_("All entries are of this one sitting, and none is left out."),
        N_("Entries are missing or moved, or belong to another sitting."),
    ),
    "checkpoint": (
        N_("The log's key signed the state of the log that the file shows."),
        N_("The state of the log that the file shows is not signed by the log's key."),
    ),
    "inclusion": (
        N_("Every entry shown is in the signed log."),
        N_("An entry shown is not in the signed log."),
    ),
    "export_leaf": (
        N_("The export of exactly this file is an entry of the log."),
        N_("The log knows no export of this file as it is now."),
    ),
    "commitments": (
        N_("Sound and picture are the ones that were recorded."),
        N_("Sound or picture is not what was recorded."),
    ),
    "chain": (
        N_("The pieces of the recording are in their order."),
        N_("Pieces of the recording were swapped, repeated or left out."),
    ),
    "completeness": (
        N_("The recording is complete to its end."),
        N_("Parts of the recording are missing, or there are more than were recorded."),
    ),
    "gaps": (
        N_("Every interruption is declared."),
        N_("The recording has a hole that nobody declared."),
    ),
    "off_record": (
        N_("Nothing was recorded off the record or in a private consultation."),
        N_("There is sound or picture from off the record or a private consultation."),
    ),
    "exhibits": (
        N_("The list of exhibits is that of the log, and each file in it is the one filed."),
        N_(
            "An exhibit is missing, was changed or slipped in, or its ruling is not the logged one."
        ),
    ),
    "witnesses": (
        N_("The signatures of witnesses in the file are right."),
        N_("A signature of a witness in the file is wrong."),
    ),
    "timestamp": (
        N_("The time-stamp belongs to this log and covers the sitting."),
        N_("The time-stamp does not belong to this log or sitting."),
    ),
    "stamp": (
        N_("The time-stamp's own signature is right."),
        N_("The time-stamp's own signature is wrong, or not by an authority that we know."),
    ),
    "signature": (
        N_("This house's log signed it."),
        N_("It bears the name of a log, but that log's key did not sign it."),
    ),
    "cosigned": (
        N_("No signature of our witnesses on it is wrong."),
        N_("A signature that bears the name of one of our witnesses is wrong."),
    ),
    "form": (
        N_("The file has the form that it should have."),
        N_("The file does not have the form that it should have."),
    ),
    "count": (
        N_("As many entries are there as were exported."),
        N_("Entries were taken out of the file, or added to it."),
    ),
}

UNUSABLE: dict[str, str] = {
    "not_a_bundle": N_("The file is not an evidence bundle, or only the beginning of one."),
    "too_long": N_("The file is far too long for what it says it is."),
    "unreadable": N_("The file cannot be read as what it says it is."),
    "large": N_("The record is longer than what this page reads. Check it on your own machine."),
    "memory": N_("Checking it would take more memory than a real file does. It was stopped."),
    "time": N_("Checking it took too long and was stopped."),
    "died": N_("Checking it took more than we give a file. It was stopped."),
}

NOT_CHECKED: dict[str, str] = {
    "truth": N_("Whether what was said before the camera was true."),
    "software": N_("Other people's tools were not used: the file's README says how to use them."),
    "other_log": N_("Whose log it is: another house's key signed it, and we cannot vouch for it."),
    "no_witness": N_(
        "Whether the log was rewritten before: no witness that we know cosigned this state."
    ),
    "no_stamp": N_("When it was made: the file has no time-stamp."),
    "stamp_roots": N_("The signature of its time-stamp: this house knows no authority."),
    "stamp_internal": N_(
        "The time by an independent clock: the time-stamp is by this house's own clock."
    ),
    "leaves_unseen": N_("What the entries say: a checkpoint holds their number and hash only."),
    "meaning": N_("Whether what the entry says is true: only that it is in the log unchanged."),
    "no_entry": N_("Which entry it proves: the file does not hold it."),
    "selection": N_(
        "Whether entries outside the chosen filter were left out: that is its purpose."
    ),
}

WITHHELD: dict[str, str] = {
    PROTECTED: N_("picture of a protected person"),
    SEALED: N_("sealed by the court"),
    OUTSIDE_ORDER: N_("not covered by the order"),
}
"""Why a copy does not hold a segment, or the file of an exhibit."""

WITHHELD_EXHIBITS: dict[str, str] = {
    SEALED: WITHHELD[SEALED],
    OUTSIDE_ORDER: WITHHELD[OUTSIDE_ORDER],
    TAKEN_BACK: N_("taken back before it was ever shown"),
}
"""Why a copy does not hold the file of an exhibit."""

COMPARED: dict[str, str] = {
    "same": N_("It is the newest state of our log."),
    "prefix": N_("Our log today begins with exactly this state: nothing in it was changed since."),
    "fork": N_("Our log today does NOT contain this state, although our key signed it."),
    "ahead": N_("Our log today is SHORTER than this state, although our key signed it."),
}

VERDICTS: dict[str, tuple[str, str]] = {
    "holds": (N_("All checks passed"), "success"),
    "open": (N_("Nothing is wrong, but not everything could be checked"), "warning"),
    "fails": (N_("Do not rely on this file"), "error"),
    "unusable": (N_("The file could not be checked"), "error"),
    "fork": (N_("Two histories: the log was rewritten or cut"), "error"),
    "unlogged": (N_("Not a file that this house gave out"), "error"),
    "known": (N_("The log names this file"), "success"),
    "unknown": (N_("The log does not name this file"), "info"),
}


STANDING: dict[str, tuple[str, str]] = {}
"""What has become of what a file says, and the category of the notice. Rooms fill it."""


def teach(
    steps: Mapping[str, Words] | None = None,
    not_checked: Mapping[str, str] | None = None,
    unusable: Mapping[str, str] | None = None,
    standing: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """Add the words of another room's kind, at its start."""
    STEPS.update(steps or {})
    NOT_CHECKED.update(not_checked or {})
    UNUSABLE.update(unusable or {})
    STANDING.update(standing or {})
