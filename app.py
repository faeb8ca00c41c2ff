"""The composition root: settings -> database, log, services, media engine, desk, blueprints.

Nobody imports this but the command line. `House` holds everything that lives as long as the
process; `create_app` gives it a face.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import structlog
import uvloop
from cryptography.x509 import load_pem_x509_certificates
from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from quart import Quart, Response
from rich.console import Console
from rich.table import Table

import audit.key
import audit.web
import auth.administration.web
import auth.audit_reading.web
import auth.demo
import auth.identity.demo
import auth.identity.provider
import auth.identity.web
import auth.keyring
import auth.secret
import auth.web
import migrate
import notary.deeds.journal
import notary.deeds.office
import notary.deeds.web
import notary.marriage.court
import notary.marriage.desk
import notary.marriage.web
import notary.signing.web
import pages
import pages.openapi
import recordings.access.custodian
import recordings.access.web
import recordings.exhibits.web
import recordings.keyring
import recordings.minutes.web
import recordings.rewrap
import recordings.study.web
import recordings.transcripts.web
import recordings.web
import recordings.web_verify
import recordings.works.web
import sessions.demo
import sessions.web
import sessions.web_delegations
import sessions.web_room_devices
import signaling.web
import signaling.web_operations
from audit import web_witness
from audit.anchors import LogAnchors
from audit.errors import KeyFileError
from audit.fsck import Fsck
from audit.local_witness import LocalWitness
from audit.note import parse_vkey
from audit.service import AuditLog
from audit.time_authority import open_authority
from audit.timestamping import ExternalSource, InternalSource, Source, Timestamping
from audit.witnessing import Witnessing, parse_peer
from auth.administration.service import Administration
from auth.assurance import PROFILES
from auth.audit_reading.service import AuditReading
from auth.delegations import Delegations
from auth.identity.linking import Linking
from auth.identity.provider import Provider
from auth.identity.service import DigitalIdentity
from auth.person import OPERATOR
from auth.service import Accounts
from auth.web_proxy import behind
from clock import Clock, utc_now
from database import Database
from notary.deeds.desk import SigningDesk
from notary.deeds.fee import StandInPayments
from notary.deeds.tasks import DeedTasks
from notary.documents.render import Documents
from notary.mail.service import Outbox, Smtp
from notary.marriage.tasks import MarriageTasks
from notary.minutes_desk import MinutesSigning
from notary.rows import DeedRows
from notary.signing.backend import Backend, Csc
from notary.signing.engine import Engine, Keys, Service
from notary.signing.pkcs11_key import Pkcs11Holder
from notary.signing.renewal import Progress as RenewalProgress
from notary.signing.renewal import Renewal
from notary.signing.service import Ceremonies
from notary.signing.uae_pass import UaePass
from notary.verification import kind as verification
from notary.verification.deeds import Deeds as VerifiedDeeds
from notary.verification.marriages import Marriages as VerifiedMarriages
from notary.verification.papers import Papers as VerifiedPapers
from notary.verification.standing import standing
from recordings.access.book import OrderBook
from recordings.access.custody import Custody
from recordings.access.overview import Overview
from recordings.checking import kind as checking_kinds
from recordings.checking.service import Checking
from recordings.checking.upload import Reception
from recordings.exhibits.playing import ExhibitsPlayed
from recordings.exhibits.service import Exhibits
from recordings.minutes.service import MinutesDesk
from recordings.papers.files import Papers
from recordings.papers.scanning import Clamd
from recordings.playback import Playback
from recordings.rows import RecordRows
from recordings.service import Desk
from recordings.spare import open_vault
from recordings.store import Session
from recordings.study.service import Study
from recordings.tasks import RecordTasks
from recordings.transcripts.service import Transcripts
from recordings.works.credentials import open_credentials
from recordings.works.service import Works
from sessions.invitations import Invitations
from sessions.room_devices import RoomDevices
from sessions.rooms import Rooms
from sessions.service import Sittings
from sessions.sitting import Sitting
from sessions.tasks import Proposals, Tasks
from settings import ROOT, Settings
from signaling import calibration, capacity, compiled
from signaling.aiortc_engine import AiortcEngine
from signaling.engine import MediaEngine
from signaling.gate import Gate, MainLoad
from signaling.load import spare_collector
from signaling.service import LiveRooms
from signaling.worker_pool import WorkerPool
from tools.identity import stand_in

logger = structlog.get_logger(__name__)


class House:
    """All services, wired. `open` before use; `close` ends them in reverse order."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock = utc_now,
        *,
        stand_in: Provider | None = None,
    ) -> None:
        self.settings = settings
        self.stand_in = stand_in
        self.clock = clock
        self.database = Database(settings.database)
        self.ending = asyncio.Event()
        """Set when the house must end: by a signal, or because of `failed`."""
        self.failed = False
        """The stored log is not the one that was signed: a person must look."""
        self.local_witness: LocalWitness | None = None

    async def open(self) -> None:
        """Open the keys and build what needs no task of its own (enough for the command line)."""
        settings, clock, database = self.settings, self.clock, self.database
        passphrase = settings.key_passphrase
        log_key = await audit.key.open_key(
            settings.keys / "log.key", settings.log_origin, passphrase
        )
        secret = await asyncio.to_thread(auth.secret.load_or_create, settings.keys, passphrase)
        self.keyring = await asyncio.to_thread(recordings.keyring.open_keyring, settings)
        self.log = AuditLog(database, log_key, settings.log_origin, clock)
        self.witnessing = Witnessing(database, self.log, clock)
        self.timestamping = Timestamping(
            database,
            self.log,
            await self._time_source(passphrase),
            clock,
            settings.timestamp_minutes * 60.0,
        )
        for text in settings.witnesses:
            self.witnessing.add(parse_peer(text))
        known = settings.witness / web_witness.PUBLIC
        if await asyncio.to_thread(known.exists):
            vkey = await asyncio.to_thread(known.read_text)
            self.witnessing.know(parse_vkey(vkey.strip()))
        self.accounts = Accounts(
            database,
            self.log,
            secret,
            settings.address,
            clock,
            keys=await asyncio.to_thread(
                auth.keyring.open_keyring, secret, settings.keys, passphrase
            ),
            profile=PROFILES[settings.assurance_profile],
            devices_demanded=settings.devices_demanded,
        )
        providers = await asyncio.to_thread(
            auth.identity.provider.load, settings, (self.stand_in,) if self.stand_in else ()
        )
        self.linking = Linking(database, self.log, secret, clock)
        self.identity = DigitalIdentity(
            database, self.accounts, self.linking, providers, settings.address, clock
        )
        self.administration = Administration(database, self.log, self.accounts, clock)
        self.delegations = Delegations(database, self.log, clock)
        self.rooms = Rooms(database, self.log)
        self.devices = RoomDevices(database, self.log, secret, settings.address, clock)
        self.sittings = Sittings(database, self.log, secret, clock, zone=settings.timezone)
        self.invitations = Invitations(database, self.log, self.accounts, self.sittings, clock)
        self.engine = self._engine()
        vault = open_vault(settings.vault, settings.vault_spare, settings.record_min_free_bytes)
        self.desk = Desk(
            database,
            self.log,
            vault,
            self.keyring,
            clock,
            min_free_bytes=settings.record_min_free_bytes,
        )
        cost = await asyncio.to_thread(calibration.microseconds)
        self.gate = self._gate(settings.media_capacity or capacity.of_cost(cost))
        self.live = LiveRooms(
            database=database,
            log=self.log,
            accounts=self.accounts,
            sittings=self.sittings,
            engine=self.engine,
            desk=self.desk,
            clock=clock,
            gate=self.gate,
            devices=self.devices,
        )
        self.desk.on_alarm = self.live.on_alarm
        self.documents = await asyncio.to_thread(Documents)
        service = None
        if settings.signing_service and settings.signing_roots is not None:
            service = Service(
                settings.signing_url,
                settings.signing_token,
                settings.signing_roots,
                settings.signing_crls,
            )
        self.signing = Engine(
            Keys(
                settings.keys / "signing",
                passphrase,
                settings.address,
                self._issuing_key(),
                tsa_url=settings.tsa_url,
                tsa_roots=settings.tsa_roots,
                tsa_lists=settings.tsa_crls,
                service=service,
            )
        )
        await self.signing.open()
        self.ceremonies = Ceremonies(
            database=database,
            log=self.log,
            engine=self.signing,
            documents=self.documents,
            confirms=self.accounts.stepup,
            keys=self.keyring,
            clock=clock,
            zone=settings.timezone,
            secret=secret,
            backends=self._backends(service),
        )
        self.renewal = Renewal(self.ceremonies)
        self.outbox = Outbox(
            database,
            secret,
            clock,
            self._mail_sender(),
            address=settings.smtp_from,
            zone=settings.timezone,
        )
        self.office = notary.deeds.office.build(
            database=database,
            log=self.log,
            secret=secret,
            clock=clock,
            sittings=self.sittings,
            step_up=self.accounts.stepup,
            ceremonies=SigningDesk(self.documents, self.ceremonies),
            live=self.live,
            keys=self.keyring,
            vault=settings.vault,
            outbox=self.outbox,
            address=settings.address,
            zone=settings.timezone,
            office=settings.notary_office,
            fee_before_session=settings.notary_fee == "before",
            payments=StandInPayments() if settings.demo else None,
            scanner=self._scanner(),
            signing=self.identity,
        )
        self.marriages = notary.marriage.court.build(
            database=database,
            log=self.log,
            secret=secret,
            clock=clock,
            zone=settings.timezone,
            step_up=self.accounts.stepup,
            sittings=self.sittings,
            keys=self.keyring,
            vault=settings.vault,
            address=settings.address,
            outbox=self.outbox,
            payments=self.office.payments,
            scanner=self._scanner(),
            live=self.live,
            desk=notary.marriage.desk.SigningDesk(self.documents, self.ceremonies),
        )
        self.live.watch(self.marriages.watching.saw)
        self.live.watch(self.marriages.writing.saw)
        self.exhibits = self.live.exhibits = Exhibits(
            database,
            self.log,
            secret,
            Papers(settings.vault / "exhibits", self.keyring),
            self.sittings,
            self.live,
            clock,
            self._scanner(),
        )
        anchors = LogAnchors(self.witnessing, self.timestamping)
        self.playback = Playback(
            database, self.log, vault, self.keyring, self.sittings, anchors, clock
        )
        given = database, self.log, self.sittings, self.accounts.stepup, clock
        self.orders = OrderBook(*given)
        self.custody = Custody(*given, vault)
        self.overview = Overview(database, self.sittings, clock)
        kept_until = partial(notary.deeds.journal.kept_until, self.office.core)
        self.custody.kept_until = self.overview.kept_until = kept_until
        self.vault = vault
        self.study = Study(database, vault, self.keyring, self.playback, clock)
        self.works = Works(
            database,
            self.log,
            vault,
            settings.works,
            self.playback,
            self.study,
            self.accounts.stepup,
            await asyncio.to_thread(
                open_credentials, settings.keys / "works.pem", passphrase, clock()
            ),
            clock,
            settings.timezone,
        )
        self.transcripts = Transcripts(
            database,
            self.log,
            self.playback,
            self.accounts.stepup,
            self.documents,
            clock,
            settings.timezone,
        )
        signing = MinutesSigning(self.documents, self.ceremonies)
        self.minutes = MinutesDesk(
            database,
            self.log,
            self.playback,
            signing,
            self.keyring,
            clock,
            settings.timezone,
        )
        self.tasks = Tasks(
            (
                MarriageTasks(self.marriages.filing, self.marriages.reviewing),
                DeedTasks(self.office),
                RecordTasks(database, signing),
                Proposals(self.administration),
            )
        )
        self.playback.minutes = self._minutes
        self.played = ExhibitsPlayed(self.playback, self.exhibits, clock)
        self.playback.papers = self.played.files
        self.works.page = self.played.drawn
        self.desk.on_sealed = self._sealed
        reception = Reception(
            settings.data_dir / "uploads",
            settings.verify_max_bytes,
            settings.record_min_free_bytes * 2,
        )
        deeds = VerifiedDeeds(database, secret, self.office.register, self.ceremonies)
        marriages = VerifiedMarriages(database, secret)
        papers = VerifiedPapers(database, self.office.register)
        self.checking = Checking(
            self.log,
            self.witnessing,
            anchors.roots,
            reception,
            (verification.DOCUMENT, *checking_kinds.KINDS),
            signers=self.signing.roots,
            standing=partial(
                standing,
                self.ceremonies,
                rooms=(deeds.of_subject, papers.of_subject, marriages.of_subject),
            ),
            codes=(deeds.of_code, papers.of_code, marriages.of_code),
            guesses=self.accounts.attempts,
        )
        self.audit_reading = AuditReading(
            database, self.log, self.witnessing, self._fsck, clock, settings.timezone
        )

    async def _minutes(self, session: Session, sitting: Sitting) -> dict[str, bytes]:
        """The documents of a sitting that go into its bundle."""
        signed = await self.minutes.files(session, sitting)
        return {**signed, **await self.transcripts.files(session, sitting)}

    def _issuing_key(self) -> Pkcs11Holder | None:
        """The token that holds the issuing key; None: it is in a file."""
        settings = self.settings
        if settings.signing_key != "pkcs11":
            return None
        return Pkcs11Holder(settings.pkcs11_module, settings.pkcs11_token, settings.pkcs11_pin)

    def _backends(self, service: Service | None) -> dict[str, Backend]:
        """The outside signing service of the settings."""
        if service is None:
            return {}
        if self.settings.signing_service == "csc":
            return {"csc": Csc(self.signing)}
        return {"uae_pass": UaePass(self.signing, service, self.witnessing.client)}

    def _fsck(self) -> Fsck:
        """A check of the whole log with what is trusted now."""
        return Fsck(
            self.database,
            parse_vkey(self.log.vkey),
            list(self.witnessing.verifiers.values()),
            list(self.timestamping.source.roots),
            [RecordRows(), DeedRows()],
        )

    def _sealed(self) -> None:
        """A record was sealed: have it time-stamped, and measured for the player."""
        self.timestamping.want()
        self.study.want()

    def _mail_sender(self) -> Smtp | None:
        settings = self.settings
        if not settings.smtp_host:
            return None
        return Smtp(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_user,
            settings.smtp_password,
            settings.smtp_tls,
        )

    def _scanner(self) -> Clamd | None:
        host, _, port = self.settings.upload_scanner.rpartition(":")
        return Clamd(host, int(port)) if host else None

    def _engine(self) -> MediaEngine:
        settings = self.settings
        logger.info("media.engine", form=compiled.why or "compiled")
        options: dict[str, Any] = {
            "hosts": settings.media_hosts,
            "ports": settings.media_ports,
        }
        if settings.media_workers:
            return WorkerPool(settings.media_workers, options)
        return AiortcEngine(**options)

    def _gate(self, per_worker: int) -> Gate:
        if isinstance(self.engine, WorkerPool):
            return Gate(per_worker, MainLoad(), self.engine.loads)
        rooms = self.engine.rooms if isinstance(self.engine, AiortcEngine) else tuple
        return Gate(per_worker, MainLoad(rooms))

    async def start(self) -> None:
        """Start what runs: the sequencer, the desk (recovering first), the live rooms."""
        await self.transcripts.seal_old()
        sequencer = asyncio.create_task(self.log.run(), name="audit.sequencer")
        sequencer.add_done_callback(self._sequencer_ended)
        watcher = asyncio.create_task(self._watch_keys(), name="auth.keys")
        rewrapping = asyncio.create_task(
            recordings.rewrap.keep_rewrapped(self.database, self.log, self.keyring, OPERATOR.id),
            name="recordings.rewrap",
        )
        keeping = asyncio.create_task(
            recordings.access.custodian.keep(
                self.database,
                self.log,
                self.vault,
                self.sittings.pack,
                self.clock,
                self.custody.kept_until,
            ),
            name="recordings.custodian",
        )
        self._tasks = [sequencer, watcher, rewrapping, keeping]
        if self.settings.local_witness:
            await self._start_witness()
        witnessing = asyncio.create_task(self.witnessing.run(), name="audit.witnessing")
        stamping = asyncio.create_task(self.timestamping.run(), name="audit.timestamping")
        office = asyncio.create_task(self.office.run(), name="notary.office")
        renewing = asyncio.create_task(self.renewal.run(), name="notary.renewal")
        marriages = asyncio.create_task(self.marriages.run(), name="notary.marriages")
        mailing = asyncio.create_task(self.outbox.run(), name="notary.outbox")
        self._tasks += [witnessing, stamping, office, renewing, marriages, mailing]
        if self.settings.demo:
            await self._seed()
        await self.desk.open()
        self._tasks.append(asyncio.create_task(self.study.run(), name="recordings.study"))
        self._tasks.append(asyncio.create_task(self.works.run(), name="recordings.works"))
        self.gate.main.start()
        if isinstance(self.engine, WorkerPool):
            await self.engine.start()
        await self.live.restore()

    async def _time_source(self, passphrase: str) -> Source:
        """The outside authority of the settings, or our own; never one for the other."""
        settings = self.settings
        if settings.tsa_url and settings.tsa_roots is not None:
            data = await asyncio.to_thread(settings.tsa_roots.read_bytes)
            roots = load_pem_x509_certificates(data)
            return ExternalSource(settings.tsa_url, roots, self.witnessing.client)
        path = settings.keys / "tsa.pem"
        authority = await asyncio.to_thread(open_authority, path, passphrase, self.clock())
        return InternalSource(authority, self.clock)

    async def _start_witness(self) -> None:
        settings = self.settings
        self.local_witness = LocalWitness(
            ROOT / "cli.py",
            settings.witness,
            f"{settings.log_origin}/witness",
            self.log.vkey,
            settings.key_passphrase,
        )
        self.witnessing.add(await self.local_witness.open())
        keeping = asyncio.create_task(self.local_witness.run(), name="audit.local_witness")
        self._tasks.append(keeping)

    async def _watch_keys(self) -> None:
        """Read keys that `./mahdar keys rotate` made while we run. Ends when cancelled."""
        while True:
            await asyncio.sleep(auth.keyring.RELOAD_EVERY.total_seconds())
            try:
                await asyncio.to_thread(self.accounts.keys.reload)
            except KeyFileError as error:
                logger.error("auth.key_unreadable", reason=str(error))

    def _sequencer_ended(self, task: "asyncio.Task[None]") -> None:
        """Nothing can be signed any more, so nothing may be accepted."""
        if not task.cancelled():
            logger.critical("audit.sequencer_ended", exc_info=task.exception())
            self.failed = True
            self.ending.set()

    async def _seed(self) -> None:
        given = self.settings, self.database, self.accounts, self.rooms
        if self.settings.demo_sittings:
            seeded = await sessions.demo.seed(*given, self.sittings, self.clock)
        else:
            seeded = await sessions.demo.seed_house(*given)
        if self.stand_in:
            await auth.identity.demo.seed_numbers(self.settings, self.linking, seeded.people)

    async def stop(self) -> None:
        """End what runs, the rooms first (again: that is harmless)."""
        self.gate.main.stop()
        await self.live.close()
        await self.engine.close()
        await self.desk.shutdown()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not self.failed:
            await self.log.checkpoint()
            await self.witnessing.ask_all()
        if self.local_witness is not None:
            await self.local_witness.close()
        await self.witnessing.client.aclose()

    async def close(self) -> None:
        """Give the connections back."""
        await self.signing.close()
        await self.identity.close()
        await self.database.close()


def create_app(house: House) -> Quart:
    """The web application of an opened house."""
    app = Quart("app", root_path=str(ROOT), static_folder=None)
    app.asgi_app = behind(house.settings.trusted_proxies, app.asgi_app)  # type: ignore[method-assign]
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    pages.init_app(app, house.settings)
    auth.web.init_app(app, house.accounts, house.settings)
    auth.administration.web.init_app(app, house.administration)
    auth.identity.web.init_app(app, house.identity, house.linking)
    auth.audit_reading.web.init_app(app, house.audit_reading)
    sessions.web.init_app(app, house.sittings, house.invitations, house.rooms, house.tasks)
    sessions.web_delegations.init_app(app, house.delegations)
    sessions.web_room_devices.init_app(app, house.devices)
    signaling.web.init_app(app, house.live, house.settings)
    signaling.web_operations.init_app(app, house.live, house.settings)
    notary.deeds.web.init_app(app, house.office)
    notary.signing.web.init_app(app, house.ceremonies, house.renewal)
    notary.marriage.web.init_app(app, house.marriages)
    recordings.web.init_app(app, house.playback)
    recordings.access.web.init_app(
        app, house.overview, house.orders, house.custody, house.settings.timezone
    )
    recordings.exhibits.web.init_app(app, house.exhibits, house.played)
    recordings.study.web.init_app(app, house.study)
    recordings.works.web.init_app(app, house.works)
    recordings.transcripts.web.init_app(app, house.transcripts)
    recordings.minutes.web.init_app(app, house.minutes)
    recordings.web_verify.init_app(app, house.checking)
    app.register_blueprint(
        audit.web.blueprint(house.log, house.witnessing, address=house.settings.address)
    )

    @app.get("/healthz")
    async def healthz() -> Response:
        return Response("ok\n", content_type="text/plain")

    pages.openapi.init_app(app)
    app.before_serving(house.start)
    app.after_serving(house.stop)
    return app


# --- what the command line asks for -----------------------------------------------------------


def serve(settings: Settings, console: Console) -> int:
    """Migrate, then serve until SIGINT or SIGTERM. Returns the exit status."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate.upgrade(settings.database)
    with contextlib.suppress(KeyboardInterrupt):
        return uvloop.run(_serve(settings, console))
    return 0


async def _serve(settings: Settings, console: Console) -> int:
    async with stand_in.for_demo(settings, auth.identity.demo.people()) as (provider, why_not):
        house = House(settings, stand_in=provider)
        await house.open()
        return await _serve_house(house, console, why_not)


async def _serve_house(house: House, console: Console, no_stand_in: str) -> int:
    settings = house.settings
    config = Config.from_toml(ROOT / "hypercorn.toml")
    config.bind = [f"{settings.host}:{settings.port}"]
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    app = create_app(house)

    @app.before_serving
    async def welcome() -> None:
        say_welcome(settings, console)
        say_identity(house, console, no_stand_in)
        spare_collector()

    try:
        await hypercorn_serve(app, config, shutdown_trigger=_until_signal(house))
    finally:
        await house.close()
    return int(house.failed)


def _until_signal(house: House) -> Callable[[], Awaitable[None]]:
    stop = house.ending
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    async def wait() -> None:
        await stop.wait()
        await house.live.close()  # pages hear that they should come back, before sockets close

    return wait


def say_welcome(settings: Settings, console: Console) -> None:
    """Print the address and, in demo mode, the accounts."""
    console.print(f"\n[bold]محضر Mahdar[/] is at [bold]{settings.address}[/]\n")
    if settings.demo:
        table = Table("user name", "role", "name", title="Demo accounts")
        for username, role, _name_ar, name_en in auth.demo.PEOPLE:
            table.add_row(username, role.value, name_en)
        console.print(table)
        console.print(f"The password of all: [bold]{auth.demo.PASSWORD}[/]\n")
    if not settings.devices_demanded:
        console.print("Seats of detention rooms open in any browser (MAHDAR_ROOM_DEVICES).")


def say_identity(house: House, console: Console, no_stand_in: str) -> None:
    """Print which identity providers people may sign in with, and why there is no stand-in."""
    for one in house.identity.providers:
        note = " (a stand-in: everybody may be anybody there)" if one.stand_in else ""
        console.print(f"Digital identity: [bold]{one.name_en}[/] at {one.issuer}{note}")
    if no_stand_in:
        console.print(f"No stand-in identity provider: {no_stand_in}.")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[House]:
    """A house without its tasks, for one command."""
    await asyncio.to_thread(migrate.upgrade, settings.database)
    house = House(settings)
    await house.open()
    try:
        yield house
    finally:
        await house.close()


async def export(
    settings: Settings, sitting: str, out: Path, order: str, tell: Callable[[str], None]
) -> None:
    """Write the evidence bundle of a sitting. The operator's own act, logged as such."""
    async with opened(settings) as house:
        await house.playback.export(OPERATOR, sitting, out, order=order, tell=tell)


async def rotate_keys(settings: Settings) -> str:
    """Make a new key for tickets and forms, with its leaf; its `kid`."""
    async with opened(settings) as house:
        kid = await asyncio.to_thread(house.accounts.keys.rotate, house.clock())
        async with house.database.unit() as session:
            await house.log.append(session, "keys.rotated", {"kid": kid, "by": OPERATOR.id})
        return kid


async def rotate_vault(
    settings: Settings, tell: Callable[[int, int], None], *, new_key: bool = True
) -> tuple[str, int]:
    """Make a new key in the key store (or not) and rewrap every key there is under the newest one;
    its name, and how many were rewrapped. Raises KeyRefused."""
    async with opened(settings) as house:
        given = house.database, house.log, house.keyring, OPERATOR.id
        if new_key:
            return await recordings.rewrap.rotate(*given, tell)
        count = await recordings.rewrap.rewrap(*given, tell)
        return await asyncio.to_thread(house.keyring.current), count


async def renew_documents(settings: Settings, tell: Callable[[int, int], None]) -> RenewalProgress:
    """The yearly renewal of what is due now (`mahdar renew`)."""
    async with opened(settings) as house:
        return await house.renewal.once(OPERATOR.id, tell)


async def keys(settings: Settings) -> list[tuple[str, str]]:
    """Rows of `mahdar keys list`: kid and state, oldest first."""
    async with opened(settings) as house:
        ring, now = house.accounts.keys, house.clock()
        signs, good = ring.current(now).kid, ring.accepted(now)
        return [
            (one.kid, "signs" if one.kid == signs else "accepted" if one.kid in good else "retired")
            for one in ring.generations
        ]


async def people(settings: Settings) -> list[tuple[str, str, str, str, str]]:
    """Rows of `mahdar users list`."""
    async with opened(settings) as house:
        return [
            (one.id, one.username, one.role.value, one.name("en"), "yes" if one.active else "no")
            for one in await house.accounts.people(OPERATOR)
        ]


async def add_person(
    settings: Settings, username: str, role: str, name_ar: str, name_en: str, password: str
) -> str:
    """Create an account and return its id. Raises Refusal."""
    async with opened(settings) as house:
        person = await house.accounts.create(
            OPERATOR,
            username=username,
            role=role,
            name_ar=name_ar,
            name_en=name_en,
            password=password,
        )
        return person.id
