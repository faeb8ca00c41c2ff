"""./mahdar: serve, demo, export, verify, audit, backup, users, policy, rules, doctor.

Exit status: 0 done, 1 the answer is no (a bundle that is not valid, a check that fails), 2 the
command could not be carried out (unusable input, a setting that is wrong).
"""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

import logs
from errors import Refusal
from settings import Settings, SettingsError, load

console = Console()
problems = Console(stderr=True)

UNUSABLE = 2


class Unusable(click.ClickException):
    """The command cannot be carried out; the text says what to do."""

    exit_code = UNUSABLE


def settings() -> Settings:
    """The settings in force; a wrong one ends the command with status 2."""
    try:
        return load()
    except SettingsError as error:
        raise Unusable(str(error)) from None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Mahdar, the official record of a sitting."""
    logs.configure()


@main.command()
def serve() -> None:
    """Serve the product (in demo mode with demo data) until stopped."""
    import app  # the composition root is heavy; other commands need not wait for it

    raise SystemExit(app.serve(settings(), console))


@main.command()
@click.option(
    "--scenario",
    type=click.Choice(["hearing", "notary", "marriage"]),
    default="hearing",
    show_default=True,
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Folder for the bundle, the server's data and report.json.",
)
def demo(scenario: str, out: Path) -> None:
    """Hold a whole hearing, make a deed or contract a marriage, with headless browsers, and verify
    what came of it."""
    from tools.demo import hearing, marriage, notary

    holds = {"notary": notary.run, "marriage": marriage.run}.get(scenario, hearing.run)
    report = asyncio.run(holds(out.resolve(), console, scenario))
    raise SystemExit(0 if report["ok"] else 1)


@main.command()
@click.argument("sitting")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--order", default="", help="Reference of the order; required for criminal sittings.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def export(sitting: str, out: Path, order: str, force: bool) -> None:
    """Write the evidence bundle of SITTING (its id) to a ZIP file."""
    import app

    if out.exists() and not force:
        raise Unusable(f"{out} exists; choose another name or pass --force")
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=problems
    ) as progress:
        task = progress.add_task("Exporting", total=None)
        try:
            asyncio.run(
                app.export(
                    settings(),
                    sitting,
                    out,
                    order,
                    lambda text: progress.update(task, description=text),
                )
            )
        except Refusal as refusal:
            raise Unusable(f"{refusal.code}: {refusal.message % refusal.params}") from None
        except OSError as error:
            raise Unusable(f"{out}: {error.strerror}") from None
    console.print(f"Wrote {out}")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def verify(arguments: tuple[str, ...]) -> None:
    """Check an evidence bundle: verify FILE.zip [--key VKEY] [--json].

    0 valid, 1 not valid, 2 unusable. The same program is in every bundle as verify.py.
    """
    from recordings import verify as verifier

    raise SystemExit(verifier.main(list(arguments)))


@main.group()
def users() -> None:
    """Accounts."""


@users.command("list")
def users_list() -> None:
    """Show all accounts."""
    import app

    table = Table("id", "user name", "role", "name", "active")
    for row in asyncio.run(app.people(settings())):
        table.add_row(*row)
    console.print(table)


@users.command("add")
@click.argument("username")
@click.option("--role", required=True)
@click.option("--name-ar", required=True)
@click.option("--name-en", required=True)
@click.password_option()
def users_add(username: str, role: str, name_ar: str, name_en: str, password: str) -> None:
    """Create an account; the password is asked for."""
    import app

    try:
        person = asyncio.run(app.add_person(settings(), username, role, name_ar, name_en, password))
    except Refusal as refusal:
        raise Unusable(f"{refusal.code}: {refusal.message % refusal.params}") from None
    console.print(f"Created {username} ({role}), id {person}")


@main.group()
def keys() -> None:
    """Keys of join tickets and of forms."""


@keys.command("list")
def keys_list() -> None:
    """Show which key signs and which are still accepted."""
    import app

    table = Table("key", "state")
    for row in asyncio.run(app.keys(settings())):
        table.add_row(*row)
    console.print(table)


@keys.command("rotate")
def keys_rotate() -> None:
    """Make a new key. A running server finds it by itself; nobody is signed out."""
    import app

    console.print(f"Made the key {asyncio.run(app.rotate_keys(settings()))}; it signs in a minute.")


@main.group()
def vault() -> None:
    """Keys of recordings, minutes, signed documents and papers."""


@vault.command("rotate")
def vault_rotate() -> None:
    """Make a new key in the key store, and put every key of the house under it.

    No recording and no document is rewritten. Stopped on the way, it is continued by
    `vault rewrap`, or by a running server. The older keys are needed until it is done, and for
    older backups.
    """
    _rewrap(new_key=True)


@vault.command("rewrap")
def vault_rewrap() -> None:
    """Put every key of the house under the newest key of the key store of the settings."""
    _rewrap(new_key=False)


def _rewrap(*, new_key: bool) -> None:
    import app
    from recordings.keys import KeyRefused

    with Progress(console=problems) as progress:
        task = progress.add_task("Rewrapping keys", total=None)
        try:
            name, count = asyncio.run(
                app.rotate_vault(
                    settings(),
                    lambda done, of: progress.update(task, completed=done, total=of),
                    new_key=new_key,
                )
            )
        except KeyRefused as error:
            raise Unusable(
                f"{error}. What was rewrapped stays; run: ./mahdar vault rewrap"
            ) from None
    console.print(f"{name} wraps the keys; {count} were put under it.")


@main.command()
@click.option("--for", "role", default="", help="Only what accounts of this role can be allowed.")
@click.option("--kind", default="", help="Only what a sitting of this kind can have.")
def policy(role: str, kind: str) -> None:
    """Print the table of permissions: role, seat, conditions, and how sure we must be."""
    from auth import policy as table
    from auth.person import Role
    from sessions.kinds import KINDS

    if role and role not in set(Role):
        raise Unusable(f"no role {role}; there are {', '.join(Role)}")
    if kind and kind not in KINDS:
        raise Unusable(f"no kind {kind}; there are {', '.join(KINDS)}")
    declared = KINDS.get(kind)
    seats = frozenset(rule.role.value for rule in declared.roles) if declared else frozenset()
    recordable = declared is None or declared.recording.value != "forbidden"
    without = {
        "recordable": recordable,
        "private": declared is None or declared.private_consultation,
        "consultation": kind in ("", "consultation"),
    }
    gone = frozenset(name for name, holds in without.items() if not holds)
    chosen = Role(role) if role else None
    for action, who in table.table(role=chosen, seats=seats, gone=gone):
        console.print(f"{action:24} {who}", soft_wrap=True, markup=False, highlight=False)


@main.command()
def renew() -> None:
    """Give every sealed document that is due its yearly archive time-stamp."""
    import app

    with Progress(console=problems) as progress:
        task = progress.add_task("Renewing documents", total=None)
        found = asyncio.run(
            app.renew_documents(
                settings(), lambda done, of: progress.update(task, completed=done, total=of)
            )
        )
    console.print(f"{found.done} documents renewed, {found.failed} not, of {found.due} due.")
    if found.failed:
        raise SystemExit(1)


@main.command()
def deeds() -> None:
    """Print the life of a request for a notarial act: state, step, next state, permission."""
    from notary.deeds.state import table

    rows = Table("state", "step", "to", "permission")
    for row in table():
        rows.add_row(*row)
    console.print(rows)


@main.command()
@click.option("--folder", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", required=True, help="Name of the witness's key, like witness.example/w1.")
@click.option("--log", "logs", required=True, multiple=True, help="Verifier key of a log.")
@click.option("--listen", default="127.0.0.1:8100", show_default=True, help="host:port.")
@click.option("--passphrase-stdin", is_flag=True, help="Read the key's passphrase from a line.")
def witness(folder: Path, name: str, logs: tuple[str, ...], listen: str, **how: bool) -> None:
    """Run a witness: cosign checkpoints of LOGS that only ever extend what was seen before.

    Run it on another machine, under other people than the log's.
    """
    from audit import web_witness
    from audit.errors import AuditError

    passphrase = sys.stdin.readline().rstrip("\n") if how["passphrase_stdin"] else ""
    try:
        web_witness.serve(folder, name, list(logs), listen, passphrase, click.echo)
    except AuditError as error:
        raise Unusable(str(error)) from None


@main.group("audit")
def audit_group() -> None:
    """The audit log."""


@audit_group.command("fsck")
@click.option(
    "--checkpoint",
    "outside",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that somebody else kept (may be given again).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def audit_fsck(outside: tuple[Path, ...], as_json: bool) -> None:
    """Check the whole log: tree, checkpoints, tiles, cosignatures, time-stamps, and every row.

    0 nothing is wrong, 1 something is, 2 the check could not be made. Reads only; a server may run.
    """
    from tools import fsck

    with _counted() as tell:
        try:
            report = fsck.run(settings(), outside, tell)
        except fsck.CannotCheck as error:
            raise Unusable(str(error)) from None
    status = fsck.show(report, console, as_json=as_json)
    raise SystemExit(status)


@main.command()
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--with-keys", is_flag=True, help="The key files too, under their passphrase.")
def backup(out: Path, with_keys: bool) -> None:
    """Copy database, vault and log to a folder while the server runs; only what is new is written.

    0 done, 1 done but segments were missing in the vault, 2 not done.
    """
    from audit.errors import AuditError
    from tools import backup as backups
    from tools.snapshot import BackupError

    with _counted() as tell:
        try:
            folder, manifest = backups.run(settings(), out, tell, with_keys=with_keys)
        except (BackupError, AuditError, OSError) as error:
            raise Unusable(str(error)) from None
    console.print(f"Wrote {folder}: {manifest.size} leaves, {len(manifest.files)} files")
    for name in manifest.missing:
        console.print(f"MISSING in the vault: {name}", markup=False)
    raise SystemExit(int(bool(manifest.missing)))


@main.command()
@click.option(
    "--from", "source", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--at", default="", help="A UTC time, or a number of leaves of the log.")
@click.option(
    "--checkpoint",
    "outside",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that somebody else kept: shows what is lost (may be given again).",
)
def restore(source: Path, at: str, outside: tuple[Path, ...]) -> None:
    """Put a snapshot back where nothing is, and check it: the whole log, and every segment.

    Stop the server first. 0 restored and sound, 1 restored and something is wrong, 2 not restored.
    """
    from audit.errors import AuditError
    from tools import restore as restores
    from tools.snapshot import BackupError

    texts = [path.read_text("utf-8", errors="replace") for path in outside]
    with _counted() as tell:
        try:
            found = restores.run(settings(), source, at, texts, tell)
        except (BackupError, AuditError, OSError) as error:
            raise Unusable(str(error)) from None
    console.print(f"Restored {found.snapshot.name}: {found.manifest.size} leaves")
    for note in found.notes:
        console.print(f"note: {note}", markup=False)
    for fault in found.faults:
        console.print(f"FAULT {fault.step}: {fault.what}", markup=False)
    for remark in found.remarks:
        console.print(f"{remark.state} {remark.what}. {remark.advice}", markup=False)
    console.print("SOUND" if found.sound else "NOT SOUND")
    raise SystemExit(int(not found.sound))


@contextmanager
def _counted() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for each step of long work."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=problems, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, done: int, whole: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(step)
            progress.update(tasks[step], completed=done, total=whole or None)

        yield tell


@main.command()
@click.option("--deep", is_flag=True, help="Hash every recorded segment too; takes long.")
def doctor(deep: bool) -> None:
    """Check this installation and say what to do about what is missing.

    Database, vault and log are held against each other. Changes nothing; a server may run.
    """
    from tools import doctor as checks

    raise SystemExit(checks.run(settings(), console, deep=deep))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
