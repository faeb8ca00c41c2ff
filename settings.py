"""Every setting once, typed, from the environment.

Names are `MAHDAR_<FIELD>`; `PORT` also sets the port. `docs/operations.md` lists them for people.
"""

import os
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may choose. The defaults serve one machine with SQLite under `var/`."""

    mode: Literal["demo", "production"] = "production"
    """Demo accounts and stand-ins start only in demo mode."""
    assurance: str = ""
    """What sign-in methods are worth: demo, small or court (auth/assurance.py). Empty: demo in
    demo mode, else court. The profile demo is refused outside demo mode."""
    room_devices: str = ""
    """Whether seats of detention rooms open on the room's enrolled device only: demanded or
    optional. Empty: optional in demo mode, else demanded."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks (CIDR) of our own reverse proxies, whose X-Forwarded-For is believed. Empty: none
    is, and every address is that of the connection."""
    demo_sittings: bool = True
    """In demo mode: book three sittings of today beside the demo people."""
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    """The address people type. Empty: http://localhost:<port>. Cookies are Secure under https."""
    data_dir: Path = ROOT / "var"
    """Database, keys and vault, unless their own settings say otherwise."""
    database_url: str = ""
    """SQLAlchemy URL (sqlite+aiosqlite or postgresql+asyncpg). Empty: SQLite in `data_dir`."""
    vault_dir: Path | None = None
    """Where encrypted recordings live. None: `data_dir`/vault."""
    vault_spare: Path | None = None
    """A second copy of every recording is written here, best on another disk. None: no copy."""
    key_passphrase: str = field(default="", repr=False)
    """Wraps the key files in `data_dir`/keys. Required outside demo mode."""
    key_store: Literal["file", "pkcs11", "kms"] = "file"
    """What wraps the keys of recordings: files under the passphrase, a token, or a service."""
    pkcs11_module: str = ""
    """Path of the token's PKCS#11 library, like /usr/lib/softhsm/libsofthsm2.so."""
    pkcs11_token: str = field(default="", repr=False)
    """The token's label."""
    pkcs11_pin: str = field(default="", repr=False)
    """The token's user PIN."""
    pkcs11_label: str = "mahdar-vault"
    """Keys of ours in the token have this label, a hyphen and a number."""
    kms_url: str = ""
    """Address of a key management service that speaks the protocol of docs/recordings.md."""
    kms_key: str = "mahdar-vault"
    """The service's name of the key."""
    kms_token: str = field(default="", repr=False)
    """Bearer token for the service."""
    log_origin: str = "mahdar.example/audit"
    """Origin line of the audit log's checkpoints (C2SP tlog-checkpoint)."""
    local_witness: bool = True
    """Run a witness of the log beside the server, as a process with its own key and state."""
    witnesses: tuple[str, ...] = ()
    """Witnesses of other people: cosignature key, an @ and address, separated by commas."""
    tsa_url: str = ""
    """An outside time-stamping authority (RFC 3161). Empty: our own, which is not independent."""
    tsa_roots: Path | None = None
    """PEM file of the roots that the outside authority's certificates end in."""
    tsa_crls: tuple[str, ...] = ()
    """Addresses of the revocation lists for the outside authority, which go into documents."""
    signing_key: Literal["file", "pkcs11"] = "file"
    """Where the issuing key of the internal signing authority is: a file, or the PKCS#11 token."""
    signing_service: str = ""
    """Who signs documents beside the built-in authority: csc or uae_pass. Empty: nobody else."""
    signing_url: str = ""
    """The address of that service."""
    signing_token: str = field(default="", repr=False)
    """What authorises us there."""
    signing_roots: Path | None = None
    """PEM file of the roots that its certificates end in."""
    signing_crls: tuple[str, ...] = ()
    """Addresses of its revocation lists."""
    timestamp_minutes: int = 60
    """The log is time-stamped that often, and whenever a record is sealed."""
    verify_max_bytes: int = 2_000_000_000
    """The largest file that the public page 'Verify' takes."""
    timezone: str = "Asia/Dubai"
    """IANA zone in which sittings are booked and shown."""
    media_hosts: tuple[str, ...] = ()
    """IP addresses announced to browsers as media candidates. Empty: all of this machine's."""
    media_ports: tuple[int, int] | None = None
    """First and last UDP port of media, for the firewall. None: any free port."""
    identity_file: Path | None = None
    """Identity providers that people may sign in with (TOML, docs/operations.md). None: none."""
    identity_client_secret: str = field(default="", repr=False)
    """The client secret of a provider whose entry names no `client_secret_file`."""
    identity_stand_in: bool | None = None
    """Start the stand-in provider (needs Node). None: in demo mode yes. Demo mode only."""
    native: bool = True
    """Run the media engine's compiled form where set-up built one (signaling/compiled.py)."""
    media_workers: int = 0
    """Processes that carry media, one per core. 0: in this process."""
    media_capacity: int = 0
    """Forwarded packets per second that one worker may be asked to carry. 0: reckoned at start."""
    metrics_token: str = field(default="", repr=False)
    """Whoever shows it may read /metrics. Empty: this machine only."""
    turn_urls: tuple[str, ...] = ()
    """coturn addresses given to browsers (turn:host:3478?transport=udp, ...)."""
    turn_secret: str = field(default="", repr=False)
    """coturn's static-auth-secret, from which short-lived credentials are made."""
    notary_office: str = "NOT"
    """Letters before the year in register numbers."""
    notary_fee: Literal["before", "after"] = "before"
    """Whether the fee of a notarial act is paid before its session or after it (R-NT-01)."""
    smtp_host: str = ""
    """Mail server for reminders. Empty: mails wait in the outbox."""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_tls: bool = False
    """TLS from the first byte (port 465); otherwise STARTTLS where the server offers it."""
    smtp_from: str = "noreply@mahdar.example"
    upload_scanner: str = ""
    """host:port of a clamd that looks at uploads for malware. Empty: nobody looks."""
    record_min_free_bytes: int = 200_000_000
    """On record is refused, and a record is suspended, when the vault has less free space."""

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'mahdar.db'}"

    @property
    def vault(self) -> Path:
        """The vault folder in force."""
        return self.vault_dir or self.data_dir / "vault"

    @property
    def works(self) -> Path:
        """Folder of films and sound files that were asked for, encrypted, beside the vault."""
        return self.vault.with_name(f"{self.vault.name}-works")

    @property
    def keys(self) -> Path:
        """Folder of the log key, the ticket key, the session secret and the vault's key."""
        return self.data_dir / "keys"

    @property
    def witness(self) -> Path:
        """Folder of the local witness's key and state."""
        return self.data_dir / "witness"

    @property
    def address(self) -> str:
        """The public address, without a trailing slash."""
        return (self.base_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether people reach us over https, so that cookies are Secure."""
        return urlsplit(self.address).scheme == "https"

    @property
    def assurance_profile(self) -> str:
        """The assurance profile in force."""
        return self.assurance or ("demo" if self.demo else "court")

    @property
    def devices_demanded(self) -> bool:
        """Whether a detention room's seat needs the room's enrolled device."""
        return self.room_devices == "demanded" or not (self.room_devices or self.demo)

    @property
    def stand_in(self) -> bool:
        """Whether the stand-in identity provider is to be started."""
        return self.demo if self.identity_stand_in is None else self.identity_stand_in

    @property
    def demo(self) -> bool:
        """Whether demo accounts and stand-ins may start."""
        return self.mode == "demo"


class SettingsError(Exception):
    """A setting cannot be used; the text names it and says what it takes."""


def load(environ: dict[str, str] | None = None) -> Settings:
    """Read the settings from the environment.

    Raises SettingsError for an unknown MAHDAR_ name or a value of the wrong form.
    """
    environ = _with_secret_files(dict(os.environ if environ is None else environ))
    known = {f"MAHDAR_{item.name.upper()}": item.name for item in fields(Settings)}
    values: dict[str, Any] = {}
    if "PORT" in environ:
        values["port"] = _convert("PORT", "port", environ["PORT"])
    for name, raw in environ.items():
        if not name.startswith("MAHDAR_"):
            continue
        if name not in known:
            raise SettingsError(f"{name} is not a setting; see docs/operations.md")
        values[known[name]] = _convert(name, known[name], raw)
    settings = Settings(**values)
    if not settings.demo and not settings.key_passphrase:
        raise SettingsError("MAHDAR_KEY_PASSPHRASE is required unless MAHDAR_MODE=demo")
    if settings.tsa_url and settings.tsa_roots is None:
        raise SettingsError("MAHDAR_TSA_URL needs MAHDAR_TSA_ROOTS, a PEM file of its roots")
    if settings.signing_service and not (settings.signing_url and settings.signing_roots):
        raise SettingsError("MAHDAR_SIGNING_SERVICE needs MAHDAR_SIGNING_URL and _ROOTS")
    if settings.assurance == "demo" and not settings.demo:
        raise SettingsError("MAHDAR_ASSURANCE=demo works in demo mode only; use court or small")
    if settings.key_store == "pkcs11" and not (settings.pkcs11_module and settings.pkcs11_token):
        raise SettingsError(
            "MAHDAR_KEY_STORE=pkcs11 needs MAHDAR_PKCS11_MODULE and MAHDAR_PKCS11_TOKEN"
        )
    if settings.signing_key == "pkcs11" and not (settings.pkcs11_module and settings.pkcs11_token):
        raise SettingsError(
            "MAHDAR_SIGNING_KEY=pkcs11 needs MAHDAR_PKCS11_MODULE and MAHDAR_PKCS11_TOKEN"
        )
    if settings.key_store == "kms" and not settings.kms_url:
        raise SettingsError("MAHDAR_KEY_STORE=kms needs MAHDAR_KMS_URL")
    if settings.stand_in and not settings.demo:
        raise SettingsError("MAHDAR_IDENTITY_STAND_IN=yes works in demo mode only")
    return settings


def _with_secret_files(environ: dict[str, str]) -> dict[str, str]:
    """A secret may stand in a file: MAHDAR_KEY_PASSPHRASE_FILE names it. One newline at its end
    does not count. The other settings are no secrets and have no files."""
    for item in fields(Settings):
        name = f"MAHDAR_{item.name.upper()}"
        path = None if item.repr else environ.pop(f"{name}_FILE", None)
        if path is None:
            continue
        if name in environ:
            raise SettingsError(f"{name} and {name}_FILE are both set; set one of them")
        try:
            environ[name] = Path(path).read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name}_FILE={path!r} cannot be read: {error}") from None
    return environ


def _convert(name: str, attribute: str, raw: str) -> Any:
    try:
        match attribute:
            case "mode":
                if raw not in ("demo", "production"):
                    raise ValueError("takes demo or production")
                return raw
            case "key_store":
                if raw not in ("file", "pkcs11", "kms"):
                    raise ValueError("takes file, pkcs11 or kms")
                return raw
            case "assurance":
                if raw not in ("", "demo", "small", "court"):
                    raise ValueError("takes demo, small or court")
                return raw
            case "room_devices":
                if raw not in ("", "demanded", "optional"):
                    raise ValueError("takes demanded or optional")
                return raw
            case "trusted_proxies":
                return tuple(str(ip_network(one.strip())) for one in raw.split(",") if one.strip())
            case "signing_key":
                if raw not in ("file", "pkcs11"):
                    raise ValueError("takes file or pkcs11")
                return raw
            case "signing_service":
                if raw not in ("", "csc", "uae_pass"):
                    raise ValueError("takes csc or uae_pass")
                return raw
            case "notary_fee":
                if raw not in ("before", "after"):
                    raise ValueError("takes before or after")
                return raw
            case "notary_office":
                if not (raw.isascii() and raw.isalpha() and raw.isupper() and len(raw) <= 8):
                    raise ValueError("takes one to eight capital letters")
                return raw
            case "upload_scanner":
                if raw and not raw.rpartition(":")[2].isdecimal():
                    raise ValueError("takes host:port")
                return raw
            case "demo_sittings" | "local_witness" | "native" | "identity_stand_in" | "smtp_tls":
                return {"yes": True, "no": False}[raw]
            case (
                "port"
                | "media_workers"
                | "media_capacity"
                | "record_min_free_bytes"
                | "smtp_port"
                | "timestamp_minutes"
                | "verify_max_bytes"
            ):
                return int(raw)
            case "data_dir" | "vault_dir" | "vault_spare" | "identity_file" | "tsa_roots":
                return Path(raw).resolve()
            case "tsa_crls" | "signing_crls" | "media_hosts" | "turn_urls" | "witnesses":
                return tuple(part.strip() for part in raw.split(",") if part.strip())
            case "media_ports":
                first, last = raw.split("-")
                return int(first), int(last)
            case _:
                return raw
    except KeyError:
        raise SettingsError(f"{name}={raw!r}: takes yes or no") from None
    except ValueError as error:
        raise SettingsError(f"{name}={raw!r}: {error}") from None
