"""The kinds of sitting that this house knows, by code. Each module here declares one."""

from sessions.kind import Kind
from sessions.kinds import (
    civil_hearing,
    consultation,
    criminal_hearing,
    marriage_contract,
    notarial_act,
)

KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        civil_hearing.KIND,
        criminal_hearing.KIND,
        consultation.KIND,
        notarial_act.KIND,
        marriage_contract.KIND,
    )
}
