"""Use cases: devices of detention rooms, from the code that enrols one to its revocation.

A room's seat is opened on the room's own device (`auth.devices`). The device says so twice: when
an officer has signed in on it, which binds that browser session to it, and whenever a page of that
session comes into a sitting.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from audit.service import AuditLog
from auth import policy
from auth import store as accounts
from auth.devices import device as devices
from auth.devices import network, proof
from auth.devices import store as kept
from auth.devices.device import Code, Device
from auth.methods import store as methods
from auth.methods.core import CEREMONY
from auth.methods.store import Ceremony
from auth.person import Person
from auth.secret import Secret
from auth.service import clean_name, new_id
from auth.session import Login
from clock import Clock
from database import Database, lock
from errors import N_, BadInput, NotFound, Refusal
from sessions import store
from sessions.detention import DetentionRoom

_PURPOSE = "room-device"
"""Of the ceremony that waits for a device's signature."""


@dataclass(frozen=True, slots=True)
class RoomWithDevices:
    """A room and what is enrolled for it, the newest first."""

    room: DetentionRoom
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device that was just enrolled."""

    device: Device
    room: DetentionRoom


def fingerprint(key: bytes) -> str:
    """By which two people compare a key by eye: 64 bits of its SHA-256, in groups."""
    found = hashlib.sha256(key).hexdigest()[:16]
    return " ".join(found[at : at + 4] for at in range(0, 16, 4))


class RoomDevices:
    """The devices of all rooms. One per process."""

    def __init__(
        self, database: Database, log: AuditLog, secret: Secret, address: str, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._secret = secret
        self._origin = address
        self._clock = clock

    # --- the administrator ----------------------------------------------------------------------

    async def of_room(self, actor: Person, room: str) -> RoomWithDevices:
        """One room with its devices, revoked ones too. Raises NotFound."""
        policy.require(actor, "devices.manage")
        async with self._database.unit(write=False) as session:
            found = await self._room(session, room)
            return RoomWithDevices(found, tuple(await kept.of_rooms(session, [room])))

    async def set_networks(self, actor: Person, room: str, text: str) -> None:
        """Name the networks of a room; sessions of its devices elsewhere end at once."""
        policy.require(actor, "devices.manage")
        networks = network.parse(text)
        async with self._database.unit() as session:
            await lock(session, "rooms")
            await self._room(session, room)
            await store.set_networks(session, room, networks)
            for one in await kept.of_rooms(session, [room]):
                if not network.allows(networks, one.address):
                    await accounts.end_logins_on(session, one.id)
            leaf: dict[str, JSON] = {"room": room, "networks": list(networks), "by": actor.id}
            await self._log.append(session, "room.networks_changed", leaf)

    async def make_code(self, actor: Person, room: str, name: str) -> str:
        """A code that enrols one device of a room. Said once, stored nowhere; an older one that
        nobody used is void. Raises BadInput `device.name`, Refusal `device.no_network`."""
        policy.require(actor, "devices.manage")
        name = _checked_name(name)
        typed, now = devices.new_code(), self._clock()
        async with self._database.unit() as session:
            if not (await self._room(session, room)).networks:
                raise Refusal(
                    "device.no_network", N_("Name the networks of this room first, above.")
                )
            code = Code(new_id(), room, name, actor.id, now + devices.CODE_LIVES)
            await kept.add_code(session, self._tag(typed), code)
            leaf: dict[str, JSON] = {"code": code.id, "room": room, "by": actor.id}
            await self._log.append(session, "device.code_made", leaf)
        return typed

    async def rename(self, actor: Person, room: str, device: str, name: str) -> None:
        """Call a device something else. Raises NotFound, BadInput `device.name`."""
        policy.require(actor, "devices.manage")
        name = _checked_name(name)
        async with self._database.unit() as session:
            await self._of(session, room, device)
            await kept.rename(session, device, name)
            leaf: dict[str, JSON] = {"device": device, "room": room, "by": actor.id}
            await self._log.append(session, "device.renamed", leaf)

    async def revoke(self, actor: Person, room: str, device: str) -> None:
        """The device proves nothing from now on: its sessions end, and open pages of them at once.
        Revoking what is revoked changes nothing."""
        policy.require(actor, "devices.manage")
        async with self._database.unit() as session:
            found = await self._of(session, room, device)
            if found.revoked_at is not None:
                return
            await kept.revoke(session, device, self._clock())
            await accounts.end_logins_on(session, device)
            leaf: dict[str, JSON] = {"device": device, "room": room, "by": actor.id}
            await self._log.append(session, "device.revoked", leaf)

    # --- the device -----------------------------------------------------------------------------

    async def enrol(self, typed: str, key: str, signature: str, address: str) -> Enrolled:
        """Enrol the browser that holds `key`. Nobody need be signed in: the code is the leave.

        `key` (SubjectPublicKeyInfo) and `signature` in base64url. Raises Refusal `device.code`,
        `device.proof`, `device.network`; the code is used up only when all is right.
        """
        typed, public, now = devices.normal_code(typed), _bytes(key), self._clock()
        proof.check(
            public, _bytes(signature), proof.message(proof.ENROL, self._origin, "", "", typed)
        )
        tag = self._tag(typed)
        async with self._database.unit() as session:
            code = devices.check_code(await kept.find_code(session, tag), now)
            room = await self._room(session, code.room)
            _check_network(room, address)
            if not await kept.use_code(session, tag, now):
                devices.check_code(None, now)
            made = Device(new_id(), room.id, code.name, public, now, now, address)
            await kept.add(session, made)
            leaf: dict[str, JSON] = {
                "device": made.id,
                "room": room.id,
                "key": hashlib.sha256(public).hexdigest(),
                "code": code.id,
                "by": code.made_by,
            }
            await self._log.append(session, "device.enrolled", leaf)
        return Enrolled(made, room)

    async def question(self, login: Login) -> tuple[str, str]:
        """A fresh challenge for the device on which an officer has signed in: its id and text."""
        policy.require(login.person, "device.use")
        now = self._clock()
        asked = Ceremony(
            secrets.token_urlsafe(24),
            _PURPOSE,
            secrets.token_urlsafe(32).encode(),
            now + CEREMONY,
            login.person.id,
            login.id,
        )
        async with self._database.unit() as session:
            await methods.add_ceremony(session, asked, now)
        return asked.id, asked.challenge.decode()

    async def answer(
        self, login: Login, id: str, device: str, signature: str, address: str
    ) -> Device:
        """Bind an officer's session to the device that it is on.

        Raises Refusal `device.proof`, `device.network`; the question is used up either way.
        """
        policy.require(login.person, "device.use")
        async with self._database.unit() as session:
            asked = await methods.take_ceremony(session, id[:64])
        if (
            asked is None
            or (asked.purpose, asked.login) != (_PURPOSE, login.id)
            or asked.expires_at <= self._clock()
        ):
            raise devices.unproved()
        challenge = asked.challenge.decode()
        signed = proof.message(proof.SIGN_IN, self._origin, device, "", challenge)
        async with self._database.unit() as session:
            found = await self._proved(session, device, _bytes(signature), signed, address)
            await accounts.bind_login(session, login.id, device)
            leaf: dict[str, JSON] = {"device": device, "room": found.room, "by": login.person.id}
            await self._log.append(session, "device.signed_in", leaf)
        return found

    async def check_network(self, person: Person, address: str) -> None:
        """Raise Refusal `device.network` when somebody is on a device that is elsewhere."""
        if person.station.device:
            async with self._database.unit(write=False) as session:
                _check_network(await self._room(session, person.station.room), address)

    async def join(
        self, person: Person, sitting: str, ticket: str, signature: str, address: str
    ) -> None:
        """A page comes in with its join ticket, which nobody can use again: who is on a device
        shows that it is still that device. Raises Refusal `device.proof`, `device.network`."""
        device = person.station.device
        if not device:
            return
        signed = proof.message(proof.JOIN, self._origin, device, sitting, ticket)
        async with self._database.unit() as session:
            await self._proved(session, device, _bytes(signature), signed, address)

    # --- helpers --------------------------------------------------------------------------------

    async def _proved(
        self, session: AsyncSession, device: str, signature: bytes, signed: bytes, address: str
    ) -> Device:
        found = await kept.get(session, device)
        if found is None or found.revoked_at is not None:
            raise devices.unproved()
        proof.check(found.key, signature, signed)
        _check_network(await self._room(session, found.room), address)
        now = self._clock()
        await kept.seen(session, device, now, address)
        return replace(found, seen_at=now, address=address)

    async def _room(self, session: AsyncSession, id: str) -> DetentionRoom:
        found = next((one for one in await store.rooms(session) if one.id == id), None)
        if found is None:
            raise NotFound("rooms.unknown", N_("There is no such room."))
        return found

    async def _of(self, session: AsyncSession, room: str, device: str) -> Device:
        found = await kept.get(session, device)
        if found is None or found.room != room:
            raise NotFound("device.unknown", N_("There is no such device."))
        return found

    def _tag(self, code: str) -> str:
        return self._secret.tag("room-device-code", code)


def _check_network(room: DetentionRoom, address: str) -> None:
    if not network.allows(room.networks, address):
        raise devices.wrong_network()


def _checked_name(text: str) -> str:
    name = clean_name(text)[: devices.NAME_LENGTH]
    if not name:
        raise BadInput("device.name", N_("Give the device a name."), field="name")
    return name


def _bytes(text: str) -> bytes:
    """From base64url. Raises Refusal `device.proof`."""
    try:
        return base64.urlsafe_b64decode(text[:1000] + "=" * (-len(text) % 4))
    except ValueError:
        raise devices.unproved() from None
