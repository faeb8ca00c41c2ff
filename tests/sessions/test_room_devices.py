"""Devices of detention rooms: enrolment, proof, revocation, and the seat that needs them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit import store as log_store
from audit.leaf import Leaf, decode
from auth import policy
from auth.devices import network, proof
from auth.devices.device import Station, new_code, normal_code
from auth.session import Login
from errors import BadInput, Forbidden, NotFound, Refusal
from sessions.detention import DetentionRoom
from sessions.room_devices import RoomDevices
from signaling import messages as m
from signaling.service import LiveRooms
from tests.auth.house import ADDRESS, House
from tests.signaling import world as worlds
from tests.signaling.fakes import FakeSocket
from tests.signaling.test_rights import settled
from tests.signaling.world import Visitor, World
from tests.support.room_device import SoftDevice

NETWORKS = "192.0.2.0/24"


@dataclass
class Facility:
    """A house that demands devices, with one room, its device and its officer."""

    house: House
    devices: RoomDevices
    device: SoftDevice

    @property
    def room(self) -> DetentionRoom:
        return self.house.room

    async def code(self, name: str = "Screen", room: str = "") -> str:
        return await self.devices.make_code(self.house.people["admin"], room or self.room.id, name)

    async def login(self, username: str = "officer") -> Login:
        found = await self.house.accounts.login((await self.house.sign_in(username)).token)
        assert found is not None
        return found

    async def again(self, login: Login) -> Login:
        """The session as the next request finds it."""
        person = await self.house.accounts.keep_alive(login.id)
        assert person is not None
        return replace(login, person=person)

    async def signed_in(self) -> Login:
        login = await self.login()
        await self.device.sign_in(self.devices, login)
        return await self.again(login)


@pytest.fixture
async def facility(lite: House) -> Facility:
    return await equip(lite)


async def equip(house: House) -> Facility:
    house.accounts.devices_demanded = True
    devices = RoomDevices(house.database, house.log, house.secret, ADDRESS, house.clock)
    await devices.set_networks(house.people["admin"], house.room.id, NETWORKS)
    made = Facility(house, devices, SoftDevice(ADDRESS))
    await made.device.enrol(devices, await made.code())
    return made


async def leaves(house: House) -> list[Leaf]:
    async with house.database.unit(write=False) as session:
        found = await log_store.entries(session, 0, 1000)
    return [decode(one.entry) for one in found]


# --- codes ---------------------------------------------------------------------------------------


def test_a_code_reads_the_same_however_it_is_typed() -> None:
    assert normal_code(" abcd-efgh ") == "ABCDEFGH"
    assert normal_code("oIlL 0123") == "01110123"
    assert all(normal_code(code) == code for code in (new_code() for _ in range(50)))


async def test_a_code_enrols_one_device_once(facility: Facility) -> None:
    code = await facility.code()
    other = SoftDevice(ADDRESS)
    made = await other.enrol(facility.devices, f"{code[:4].lower()}-{code[4:]}")
    assert (made.room, made.name) == (facility.room.id, "Screen")
    await _refused("device.code", SoftDevice(ADDRESS).enrol(facility.devices, code))
    admin = facility.house.people["admin"]
    found = await facility.devices.of_room(admin, facility.room.id)
    assert {one.id for one in found.devices} == {facility.device.id, other.id}


async def test_a_code_is_short_lived_and_the_newest_counts(facility: Facility) -> None:
    old, new = await facility.code(), await facility.code()
    await _refused("device.code", SoftDevice(ADDRESS).enrol(facility.devices, old))
    facility.house.clock.now += timedelta(minutes=15)
    await _refused("device.code", SoftDevice(ADDRESS).enrol(facility.devices, new))
    await _refused("device.code", SoftDevice(ADDRESS).enrol(facility.devices, "AAAABBBB"))


async def test_a_code_is_for_the_rooms_networks(facility: Facility) -> None:
    code = await facility.code()
    away = SoftDevice(ADDRESS, "198.51.100.9")
    await _refused("device.network", away.enrol(facility.devices, code))
    away.address = "192.0.2.200"  # the code was not used up
    await away.enrol(facility.devices, code)


async def test_no_code_for_a_room_without_networks(facility: Facility) -> None:
    admin = facility.house.people["admin"]
    await facility.devices.set_networks(admin, facility.room.id, "")
    await _refused("device.no_network", facility.code())


async def test_an_enrolment_proves_that_the_browser_holds_the_key(facility: Facility) -> None:
    code = await facility.code()
    thief = SoftDevice(ADDRESS)
    signature = thief.sign(proof.ENROL, "", code, device="")
    stolen = facility.device.public
    await _refused("device.proof", facility.devices.enrol(code, stolen, signature, "192.0.2.9"))
    elsewhere = SoftDevice("https://evil.example")
    await _refused("device.proof", elsewhere.enrol(facility.devices, code))


@pytest.mark.parametrize("curve", [ec.SECP384R1(), None])
def test_only_keys_on_p256(curve: ec.EllipticCurve | None) -> None:
    made = ec.generate_private_key(curve) if curve else ed25519.Ed25519PrivateKey.generate()
    data = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for wrong in (data, b"", b"\x30\x00", b"x" * 91):
        with pytest.raises(Refusal) as caught:
            proof.check(wrong, bytes(64), b"")
        assert caught.value.code == "device.proof"


# --- the officer signs in on it ------------------------------------------------------------------


async def test_an_officers_session_is_bound_to_the_device(facility: Facility) -> None:
    login = await facility.signed_in()
    station = login.person.station
    assert (station.device, station.room) == (facility.device.id, facility.room.id)
    assert station.demanded
    assert "device.signed_in" in [leaf.type for leaf in await leaves(facility.house)]


async def test_a_challenge_is_for_one_session_and_once(facility: Facility) -> None:
    login, other = await facility.login(), await facility.login()
    id, challenge = await facility.devices.question(login)
    signature = facility.device.sign(proof.SIGN_IN, "", challenge)
    given = facility.device.id, signature, facility.device.address
    await _refused("device.proof", facility.devices.answer(other, id, *given))
    await _refused("device.proof", facility.devices.answer(login, id, *given))  # used up
    id, challenge = await facility.devices.question(login)
    await _refused("device.proof", facility.devices.answer(login, id, *given))  # replayed
    id, challenge = await facility.devices.question(login)
    facility.house.clock.now += timedelta(minutes=3)
    signature = facility.device.sign(proof.SIGN_IN, "", challenge)
    given = facility.device.id, signature, facility.device.address
    await _refused("device.proof", facility.devices.answer(login, id, *given))  # too late


async def test_what_proves_nothing(facility: Facility) -> None:
    login = await facility.login()
    thief = SoftDevice(ADDRESS)
    thief.id = facility.device.id
    await _refused("device.proof", thief.sign_in(facility.devices, login))
    facility.device.origin = "https://evil.example"
    await _refused("device.proof", facility.device.sign_in(facility.devices, login))
    facility.device.origin = ADDRESS
    facility.device.address = "198.51.100.9"
    await _refused("device.network", facility.device.sign_in(facility.devices, login))
    for signature in ("", "AAAA", "é", "A" * 86):
        id, _ = await facility.devices.question(login)
        given = id, facility.device.id, signature, "192.0.2.7"
        await _refused("device.proof", facility.devices.answer(login, *given))
    assert (await facility.again(login)).person.station == Station()


async def test_a_signature_for_one_purpose_is_none_for_another(facility: Facility) -> None:
    login = await facility.login()
    id, challenge = await facility.devices.question(login)
    signature = facility.device.sign(proof.JOIN, "", challenge)
    given = facility.device.id, signature, facility.device.address
    await _refused("device.proof", facility.devices.answer(login, id, *given))


async def test_only_officers_use_devices_and_only_administrators_manage_them(
    facility: Facility,
) -> None:
    with pytest.raises(Forbidden):
        await facility.devices.question(await facility.login("judge"))
    for name in ("officer", "clerk", "judge"):
        person, room = facility.house.people[name], facility.room.id
        for doing in (
            facility.devices.of_room(person, room),
            facility.devices.make_code(person, room, "x"),
            facility.devices.set_networks(person, room, ""),
            facility.devices.rename(person, room, facility.device.id, "x"),
            facility.devices.revoke(person, room, facility.device.id),
        ):
            await _refused("policy.wrong_role", doing)


async def test_revoking_ends_its_sessions_and_its_proofs(facility: Facility) -> None:
    login, elsewhere = await facility.signed_in(), await facility.login()
    admin = facility.house.people["admin"]
    with pytest.raises(NotFound):
        await facility.devices.revoke(admin, "another", facility.device.id)
    await facility.devices.revoke(admin, facility.room.id, facility.device.id)
    await facility.devices.revoke(admin, facility.room.id, facility.device.id)
    assert await facility.house.accounts.keep_alive(login.id) is None
    assert await facility.house.accounts.keep_alive(elsewhere.id) is not None
    await _refused("device.proof", facility.device.sign_in(facility.devices, elsewhere))
    found = [leaf.type for leaf in await leaves(facility.house)]
    assert found.count("device.revoked") == 1


async def test_narrower_networks_end_sessions_from_elsewhere(facility: Facility) -> None:
    login = await facility.signed_in()
    admin = facility.house.people["admin"]
    await facility.devices.set_networks(admin, facility.room.id, f"{NETWORKS}\n2001:db8::/32")
    assert await facility.house.accounts.keep_alive(login.id) is not None
    await facility.devices.set_networks(admin, facility.room.id, "10.0.0.0/8")
    assert await facility.house.accounts.keep_alive(login.id) is None


async def test_every_change_is_in_the_log_without_names(facility: Facility) -> None:
    admin = facility.house.people["admin"]
    await facility.devices.rename(admin, facility.room.id, facility.device.id, "Left wall")
    found = await leaves(facility.house)
    types = [one.type for one in found]
    wanted = {"room.networks_changed", "device.code_made", "device.enrolled", "device.renamed"}
    assert wanted <= set(types)
    assert not any("Left wall" in str(one) or "Screen" in str(one) for one in found)


# --- the seat ------------------------------------------------------------------------------------


async def test_a_rooms_seat_needs_the_rooms_device(facility: Facility) -> None:
    house = facility.house
    world = await worlds.build(house)
    login = await facility.login()
    with pytest.raises(Forbidden) as caught:
        await house.sittings.seat_for(login.person, world.sitting.id)
    assert caught.value.code == "policy.device_needed"
    await house.sittings.get(login.person, world.sitting.id)  # the officer may know of it
    login = await facility.signed_in()
    _, seat = await house.sittings.seat_for(login.person, world.sitting.id)
    assert seat.room == facility.room.id


async def test_a_device_opens_its_rooms_sittings_only(facility: Facility) -> None:
    house, admin = facility.house, facility.house.people["admin"]
    world = await worlds.build(house)
    other = await house.rooms.add(
        admin, house.room.facility.id, "", "Other", [house.people["officer"].id]
    )
    await facility.devices.set_networks(admin, other.id, NETWORKS)
    device = SoftDevice(ADDRESS)
    await device.enrol(facility.devices, await facility.code(room=other.id))
    login = await facility.login()
    await device.sign_in(facility.devices, login)
    login = await facility.again(login)
    with pytest.raises(Forbidden) as caught:
        await house.sittings.seat_for(login.person, world.sitting.id)
    assert caught.value.code == "policy.other_room"
    with pytest.raises(NotFound):
        await house.sittings.get(login.person, world.sitting.id)


def test_where_devices_are_optional_anybody_may_but_a_device_stays_in_its_room() -> None:
    assert not Station(demanded=False).lacks("room")
    assert Station().lacks("room")
    assert not Station().lacks(None)
    assert Station("d", "", "other", demanded=False).lacks("room")
    assert not Station("d", "", "room").lacks("room")
    assert Station("d", "", "other").elsewhere({"room"})
    assert not Station().elsewhere({"room"})


# --- coming in -----------------------------------------------------------------------------------


@pytest.fixture
async def world(facility: Facility) -> World:
    made = await worlds.build(facility.house)
    made.house.sittings.listeners.clear()
    made.house.database.listeners.clear()
    made.live = LiveRooms(
        database=made.house.database,
        log=made.house.log,
        accounts=made.house.accounts,
        sittings=made.house.sittings,
        engine=made.engine,
        desk=made.desk,
        clock=made.clock,
        devices=facility.devices,
    )
    return made


async def _hello(facility: Facility, world: World, ticket: str, signature: str) -> FakeSocket:
    socket = FakeSocket(world.calls, "accused")
    hello = m.Hello(v=1, ticket=ticket, client="page-12345678", device=signature)
    await world.live.hello(hello, socket, address=facility.device.address)
    return socket


async def _ticket(facility: Facility, world: World, login: Login) -> str:
    address = facility.device.address
    return (await world.live.ticket(login, world.sitting.id, address=address))[0]


async def test_a_page_comes_in_with_the_devices_signature(facility: Facility, world: World) -> None:
    login = await facility.signed_in()
    ticket = await _ticket(facility, world, login)
    signature = facility.device.sign(proof.JOIN, world.sitting.id, ticket)
    socket = await _hello(facility, world, ticket, signature)
    assert socket.sent[0]["type"] == "welcome"


async def test_the_record_says_on_which_device_was_attested(
    facility: Facility, world: World
) -> None:
    login = await facility.signed_in()
    ticket = await _ticket(facility, world, login)
    socket = FakeSocket(world.calls, "accused")
    signature = facility.device.sign(proof.JOIN, world.sitting.id, ticket)
    hello = m.Hello(v=1, ticket=ticket, client="page-12345678", device=signature)
    came = await world.live.hello(hello, socket, address=facility.device.address)
    await Visitor(world, came, socket).ok(m.Attest(identity=True, restraints_off=True))
    [leaf] = [one for one in await leaves(facility.house) if "restraints_off" in one.data]
    assert leaf.data["device"] == facility.device.id


async def test_no_page_comes_in_without_it(facility: Facility, world: World) -> None:
    login = await facility.signed_in()
    thief = SoftDevice(ADDRESS)
    thief.id = facility.device.id
    sign = facility.device.sign
    older = await _ticket(facility, world, login)
    tries: list[Callable[[str], str]] = [
        lambda _: "",
        lambda ticket: thief.sign(proof.JOIN, world.sitting.id, ticket),
        lambda ticket: sign(proof.JOIN, "another-sitting", ticket),
        lambda _: sign(proof.JOIN, world.sitting.id, older),
        lambda ticket: sign(proof.SIGN_IN, world.sitting.id, ticket),
        lambda ticket: sign(proof.JOIN, world.sitting.id, ticket, device="another"),
    ]
    for wrong in tries:
        ticket = await _ticket(facility, world, login)
        await _refused("device.proof", _hello(facility, world, ticket, wrong(ticket)))
    ticket = await _ticket(facility, world, login)
    good = sign(proof.JOIN, world.sitting.id, ticket)
    await _hello(facility, world, ticket, good)
    await _refused("ticket.used", _hello(facility, world, ticket, good))  # replayed


async def test_no_page_comes_in_from_another_network(facility: Facility, world: World) -> None:
    login = await facility.signed_in()
    ticket = await _ticket(facility, world, login)
    facility.device.address = "198.51.100.9"
    signature = facility.device.sign(proof.JOIN, world.sitting.id, ticket)
    await _refused("device.network", _hello(facility, world, ticket, signature))
    await _refused("device.network", _ticket(facility, world, login))


async def test_a_revoked_devices_page_is_out_at_once(facility: Facility, world: World) -> None:
    login = await facility.signed_in()
    ticket = await _ticket(facility, world, login)
    socket = await _hello(
        facility, world, ticket, facility.device.sign(proof.JOIN, world.sitting.id, ticket)
    )
    admin = facility.house.people["admin"]
    await facility.devices.revoke(admin, facility.room.id, facility.device.id)
    await settled(world)
    assert socket.sent[-1]["type"] == "bye"
    assert socket.sent[-1]["reason"] == "signed_out"


# --- networks ------------------------------------------------------------------------------------


def test_networks_are_read_and_asked() -> None:
    found = network.parse("10.20.0.0/16, 192.0.2.7\n2001:db8::/32 10.20.0.0/16")
    assert found == ("10.20.0.0/16", "192.0.2.7/32", "2001:db8::/32")
    for inside in ("10.20.3.4", "192.0.2.7", "2001:db8::1", "::ffff:10.20.3.4"):
        assert network.allows(found, inside), inside
    for outside in ("10.21.0.1", "192.0.2.8", "2001:db9::1", "", "<local>", "::ffff:10.21.0.1"):
        assert not network.allows(found, outside), outside
    assert not network.allows((), "10.20.3.4")
    for wrong in ("10.20.0.1/16", "10.20.0.0/33", "everywhere", "10.20.0.0/16;"):
        with pytest.raises(BadInput):
            network.parse(wrong)
    with pytest.raises(BadInput):
        network.parse(" ".join(f"10.0.{n}.0/24" for n in range(21)))


async def _refused(code: str, doing: object) -> None:
    with pytest.raises(Refusal) as caught:
        await doing  # type: ignore[misc]
    assert caught.value.code == code


def test_the_policy_asks_for_the_device() -> None:
    for action in ("seat.enter", "seat.operate", "live.attest", "live.publish"):
        assert all({"device", "its_room"} <= set(line.needs) for line in policy.RULES[action])
