"""How long the policy takes to answer, beside an empty function call. python -m benchmarks.policy

Every permission is asked as people who may and people who may not; one line for the middle and
the worst permission. Target: below 50 us (issue 5).
"""

import time
from collections.abc import Callable
from functools import partial

from auth.assurance import Assurance, Level
from auth.person import Person, Role
from auth.policy import RULES, Context, decide

ROUNDS = 2000
TARGET_US = 50.0


def nothing(_actor: Person, _action: str, _context: Context) -> None:
    """The empty function that the policy is measured beside."""


def microseconds(call: Callable[[], object]) -> float:
    """The best of five runs, for one call."""
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(ROUNDS):
            call()
        best = min(best, time.perf_counter() - start)
    return best / ROUNDS * 1e6


def main() -> None:
    """Print the figures."""
    sure = Assurance(Level.HIGH)
    people = {
        "presiding judge": (
            Person("j", Role.JUDGE, "", "J", assurance=sure),
            Context(
                kind="criminal_hearing",
                phase="on_record",
                seat_role="presiding_judge",
                is_own_seat=True,
                is_host=True,
                recordable=True,
                private_consultation=True,
                confirmed=Level.HIGH,
            ),
        ),
        "stranger": (Person("p", Role.PARTY, "", "P", assurance=sure), Context()),
    }
    for name, (person, context) in people.items():
        times = sorted(
            (microseconds(partial(decide, person, action, context)), action) for action in RULES
        )
        middle, (worst, action) = times[len(times) // 2][0], times[-1]
        print(f"policy, {name:<20} middle {middle:6.2f} us  worst {worst:6.2f} us ({action})")
        print(f"  {'within' if worst < TARGET_US else 'ABOVE'} the target of {TARGET_US:.0f} us")
    empty = microseconds(partial(nothing, person, "", context))
    print(f"empty function call          {empty:6.3f} us")


if __name__ == "__main__":
    main()
