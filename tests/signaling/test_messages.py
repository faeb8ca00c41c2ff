import json

import pytest

from signaling import messages as m

GOOD = [
    {"type": "hello", "v": 1, "ticket": "t", "client": "c0ffee00"},
    {"type": "admit", "seats": "all", "id": "7"},
    {"type": "admit", "seats": ["a1"]},
    {"type": "floor", "seat": None},
    {"type": "look", "seat": "a1"},
    {"type": "look", "seat": None},
    {"type": "adjourn", "to": "2026-12-01T09:00:00.000Z", "reason": "x"},
    {"type": "reserve", "to": None},
    {"type": "line", "round_trip_ms": 40, "loss_up": 0.0, "loss_down": 0.01, "freezes": 0},
    {
        "type": "layout",
        "tracks": [{"seat": "a1", "source": "screen", "width": 1280, "height": 720}],
        "audio_only": True,
    },
    {"type": "layout", "tracks": []},
    {"type": "kit", "camera": "ok", "microphone": "ok", "speaker": "unknown", "result": "good"},
    {"type": "roll_call", "entries": {"a1": "absent"}},
]
BAD = [
    "",
    "null",
    "[]",
    "{}",
    "nonsense",
    '{"type":"unheard_of"}',
    '{"type":5}',
    '{"type":"hand"}',
    '{"type":"hand","raised":1}',
    '{"type":"hand","raised":true,"extra":1}',
    '{"type":"hand","raised":true,"id":7}',
    '{"type":"hand","raised":true,"id":"' + "x" * 33 + '"}',
    '{"type":"hello","v":2,"ticket":"t","client":"c0ffee00"}',
    '{"type":"hello","v":1,"ticket":"t","client":"../../../etc"}',
    '{"type":"admit","seats":[]}',
    '{"type":"admit","seats":"some"}',
    '{"type":"floor"}',
    '{"type":"look"}',
    '{"type":"look","seat":"all of them"}',
    '{"type":"note","text":""}',
    '{"type":"note","text":"' + "x" * 2001 + '"}',
    '{"type":"adjourn","to":"2026-12-01T09:00:00","reason":"no zone"}',
    '{"type":"adjourn","to":"tomorrow","reason":"x"}',
    '{"type":"recess","minutes":0}',
    '{"type":"line","loss_up":1.5}',
    '{"type":"line","loss_up":NaN}',
    '{"type":"layout"}',
    '{"type":"layout","tracks":[{"seat":"a","source":"microphone","width":1,"height":1}]}',
    '{"type":"layout","tracks":[{"seat":"a","source":"camera","width":0,"height":1}]}',
    '{"type":"layout","tracks":[{"seat":"a","source":"camera","width":99999,"height":1}]}',
    '{"type":"identity","seat":"a","result":"unknown","document":"passport"}',
    '{"type":"private_answer","room":"a b","accept":true}',
    "[" * 50_000,
    "\ud800",
]


@pytest.mark.parametrize("message", GOOD, ids=lambda message: str(message["type"]))
def test_good(message: dict[str, object]) -> None:
    found = m.parse(json.dumps(message))

    assert m.name(found) == message["type"]
    assert found.id == message.get("id")


@pytest.mark.parametrize("text", BAD, ids=lambda text: ascii(text[:40]))
def test_malformed(text: str) -> None:
    with pytest.raises(m.ProtocolError) as refused:
        m.parse(text)
    assert refused.value.code == "protocol.malformed"


def test_too_large() -> None:
    text = '{"type":"note","text":"' + "x" * m.LIMIT + '"}'
    with pytest.raises(m.ProtocolError) as refused:
        m.parse(text)
    assert refused.value.code == "protocol.too_large"


def test_limit_counts_bytes_not_characters() -> None:
    text = '{"type":"note","text":"' + "ص" * (m.LIMIT // 2) + '"}'
    with pytest.raises(m.ProtocolError) as refused:
        m.parse(text)
    assert refused.value.code == "protocol.too_large"


def test_id_of_a_refused_message() -> None:
    assert m.request_id('{"type":"hand","id":"9"}') == "9"
    assert m.request_id('{"type":"hand","id":9}') is None
    assert m.request_id("[" * 50_000) is None


def test_every_command_has_a_policy_line() -> None:
    from auth.policy import RULES

    assert {name for name in m.COMMANDS if f"live.{name}" not in RULES} == set()


def test_every_command_is_decided() -> None:
    from signaling.room import _DECIDE

    assert set(_DECIDE) == set(m.COMMANDS.values())
