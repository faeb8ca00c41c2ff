"""The agenda of the session as the act goes on: what everybody sees of the notary's steps."""

from notary.deeds.state import State
from signaling.facts import StepState

STEPS: dict[str, frozenset[State]] = {
    "identity": frozenset({State.LOBBY_ID}),
    "capacity": frozenset({State.CAPACITY_CHECK}),
    "reading": frozenset({State.READING}),
    "oath": frozenset({State.OATH}),
    "consent": frozenset({State.CONSENT}),
    "signing": frozenset({State.PARTIES_SIGNING}),
    "closing": frozenset(),
}
"""Steps of the kind `notarial_act` in their order, and the states in which each is the one that is
being done. `closing` is current while the parties have signed and the notary has not."""
_OVER = frozenset({State.SEALED, State.REGISTERED, State.DELIVERED})


def states(state: State, *, oath: bool, all_signed: bool = False) -> dict[str, StepState] | None:
    """The state of every step: done, current, open or skipped. None where the agenda stays as it
    was: the session is suspended, or ended without a deed."""
    if state in _OVER:
        now = len(STEPS)
    elif state is State.PARTIES_SIGNING and all_signed:
        now = list(STEPS).index("closing")
    else:
        found = [place for place, of in enumerate(STEPS.values()) if state in of]
        if not found:
            return None
        now = found[0]
    told: dict[str, StepState] = {
        step: "done" if place < now else "current" if place == now else "open"
        for place, step in enumerate(STEPS)
    }
    return told if oath else told | {"oath": "skipped" if told["oath"] == "done" else "open"}
