"""Tracks of a marriage as data: one file in `rules/marriage/` for each (law.md 2.0).

A track says which gates stand, who must take part, who hears, who signs in which order, and to
whom it is open. Adding or changing one needs no code.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from notary.marriage.application import Application, Part
from notary.marriage.helped import interpreters
from settings import ROOT

FOLDER = ROOT / "rules" / "marriage"
_RELIGION = frozenset({"any_muslim", "none_muslim", "any"})
_CITIZENSHIP = frozenset({"any", "none_citizen"})
_RESIDENCE = frozenset({"any", "resident"})


class TrackError(Exception):
    """A track file cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class OpenTo:
    """Whom a track serves."""

    religion: str
    citizenship: str
    residence: str
    courts: tuple[str, ...]
    """Emirates; empty: all."""


@dataclass(frozen=True, slots=True)
class Track:
    """One track. The members are those of the file."""

    code: str
    title: Mapping[str, str]
    law: Mapping[str, str]
    gates: tuple[str, ...]
    required: tuple[Part, ...]
    """Who must be in the sitting at the same time (unity of session)."""
    guardian_by_rule: bool
    hearers: tuple[Part, ...]
    """Who must confirm to have heard offer and acceptance."""
    private_consent: bool
    """The wife says in private, without guardian and groom, that she is willing."""
    consent: Mapping[str, Mapping[str, str]]
    """Code to what each spouse is asked about the own free will, in both languages."""
    signs: tuple[Part, ...]
    """In this order; the officiant last."""
    officiant: str
    ratifies: str
    disclosure: bool
    document: str
    languages: tuple[str, ...]
    sources: tuple[str, ...]
    open_to: OpenTo
    elsewhere: Mapping[str, str]


def parse(data: Mapping[str, Any], name: str) -> Track:
    """Check one file's data. Raises TrackError."""
    try:
        track = Track(
            code=data["code"],
            title={"en": data["title_en"], "ar": data["title_ar"]},
            law={"en": data["law_en"], "ar": data["law_ar"]},
            gates=tuple(data["gates"]),
            required=tuple(Part(code) for code in data["required"]),
            guardian_by_rule=data["guardian_by_rule"],
            hearers=tuple(Part(code) for code in data["hearers"]),
            private_consent=data["private_consent"],
            consent={one["code"]: {"en": one["en"], "ar": one["ar"]} for one in data["consent"]},
            signs=tuple(Part(code) for code in data["signs"]),
            officiant=data["officiant"],
            ratifies=data["ratifies"],
            disclosure=data["disclosure"],
            document=data["document"],
            languages=tuple(data["languages"]),
            sources=tuple(data["sources"]),
            open_to=OpenTo(**{**data["open_to"], "courts": tuple(data["open_to"]["courts"])}),
            elsewhere={"en": data["elsewhere"]["en"], "ar": data["elsewhere"]["ar"]},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TrackError(f"{name}: {error}") from None
    if extra := set(data) - {
        *Track.__dataclass_fields__,
        "title_en",
        "title_ar",
        "law_en",
        "law_ar",
    }:
        raise TrackError(f"{name}: unknown members {sorted(extra)}")
    if not set(track.signs) <= set(track.required) or track.signs[-1:] != (Part.OFFICIANT,):
        raise TrackError(f"{name}: only required persons sign, and the officiant last")
    if not track.consent or len(track.consent) != len(data["consent"]):
        raise TrackError(f"{name}: say what the spouses are asked, each code once")
    if not set(track.hearers) <= set(track.required):
        raise TrackError(f"{name}: who hears must be required")
    to = track.open_to
    if not (
        to.religion in _RELIGION and to.citizenship in _CITIZENSHIP and to.residence in _RESIDENCE
    ):
        raise TrackError(f"{name}: open_to has an unknown value")
    return track


def load(folder: Path = FOLDER) -> dict[str, Track]:
    """All tracks by code. Raises TrackError."""
    found: dict[str, Track] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            track = parse(tomllib.loads(path.read_text("utf-8")), path.name)
        except tomllib.TOMLDecodeError as error:
            raise TrackError(f"{path.name}: {error}") from None
        if track.code != path.stem:
            raise TrackError(f"{path.name}: its code is {track.code}")
        found[track.code] = track
    return found


@cache
def tracks() -> dict[str, Track]:
    """The tracks of this installation, read once."""
    return load()


def serves(track: Track, app: Application, state: str) -> bool:
    """Whether a track is open to these spouses, as far as their data say (law.md 2.0).

    `accepts_sharia` among the circumstances: both accept it in writing (761/2016 Art 18).
    """
    groom, bride = app.person(Part.GROOM), app.person(Part.BRIDE)
    muslims = {"muslim"} & {groom.religion, bride.religion}
    to = track.open_to
    if to.religion == "any_muslim" and not (muslims or "accepts_sharia" in app.circumstances):
        return False
    if to.religion == "none_muslim" and muslims:
        return False
    if to.citizenship == "none_citizen" and state in (groom.nationality, bride.nationality):
        return False
    if to.residence == "resident" and not all(
        person.resident or person.nationality == state for person in (groom, bride)
    ):
        return False
    return not to.courts or not app.court or app.court in to.courts


def required(track: Track, app: Application, state: str) -> tuple[Part, ...]:
    """Who must be present and sign: without a guardian where the law needs none (R-MR-09), with
    an agent in the place of a principal who sent one, with the interpreters whom somebody needs
    (R-MR-21)."""
    released = (
        track.guardian_by_rule
        and app.guardianship.exempt_by_national_law
        and app.person(Part.BRIDE).nationality != state
    )
    by_track = tuple(
        _standing_in(app, part)
        for part in track.required
        if not (released and part is Part.GUARDIAN)
    )
    return (*by_track, *interpreters(app))


def signers(track: Track, app: Application, state: str) -> tuple[Part, ...]:
    """Who signs, in order: interpreters before the officiant, who is last."""
    present = required(track, app, state)
    *parties, last = (_standing_in(app, part) for part in track.signs)
    order = (*parties, *interpreters(app), last)
    return tuple(part for part in order if part in present)


def _standing_in(app: Application, part: Part) -> Part:
    agent = {Part.GROOM: Part.GROOM_AGENT, Part.BRIDE: Part.BRIDE_AGENT}.get(part)
    return agent if agent in app.persons else part  # type: ignore[return-value]
