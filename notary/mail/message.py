"""Mail about a request: what it says, and the calendar file of its session.

A mail may be read by others on its way: it names the act and the time, never a person, an identity
number or a text. Its link holds an opaque id and asks whoever opens it to sign in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Final

from icalendar import Alarm, Calendar, Event

import i18n
from errors import N_

SUBJECTS: Final[dict[str, str]] = {
    "returned": N_("Your request needs something more: %(reference)s"),
    "fee_due": N_("The fee is due: %(reference)s"),
    "booked": N_("Your session with the notary: %(reference)s"),
    "reminder": N_("Reminder of your session with the notary: %(reference)s"),
    "refused": N_("The notary has decided on your request: %(reference)s"),
    "in_person": N_("Your act goes on at the office: %(reference)s"),
    "decided": N_("The director has decided on your grievance: %(reference)s"),
    "delivered": N_("Your deed is ready: %(reference)s"),
    "cancelled": N_("Your session was cancelled: %(reference)s"),
    "queued": N_("You wait for the next notary: %(reference)s"),
    "suspended": N_("Your session was suspended: %(reference)s"),
    "marriage.invited": N_("You are asked to take part in a marriage: %(reference)s"),
    "marriage.returned": N_("Your application to marry needs something more: %(reference)s"),
    "marriage.postponed": N_("Your application to marry was postponed: %(reference)s"),
    "marriage.approved": N_("Your application to marry was accepted: %(reference)s"),
    "marriage.refused": N_("The judge has decided on your application to marry: %(reference)s"),
    "marriage.decided": N_("The court has decided on your marriage: %(reference)s"),
    "marriage.booked": N_("The sitting of your marriage: %(reference)s"),
    "marriage.reminder": N_("Reminder of the sitting of your marriage: %(reference)s"),
    "marriage.cancelled": N_("The sitting of your marriage was cancelled: %(reference)s"),
    "marriage.interpreter_named": N_("You interpret at the sitting of a marriage: %(reference)s"),
    "marriage.interpreter_released": N_(
        "Another interpreter comes to the sitting of a marriage: %(reference)s"
    ),
    "marriage.again": N_("Choose another day for your marriage: %(reference)s"),
    "marriage.ready": N_("Your marriage certificate is ready: %(reference)s"),
    "marriage.lapsing": N_("Your application to marry lapses soon: %(reference)s"),
    "marriage.lapsed": N_("Your application to marry has lapsed: %(reference)s"),
}
BODIES: Final[dict[str, str]] = {
    "returned": N_("The office has marked what is missing. Sign in and complete the request."),
    "fee_due": N_("Sign in to pay the fee, then choose a time."),
    "booked": N_("The session begins on %(time)s (UAE time). Have your identity document ready."),
    "reminder": N_("The session begins on %(time)s (UAE time). Have your identity document ready."),
    "refused": N_("Sign in to read the reasons. You may file a grievance within seven days."),
    "in_person": N_("Sign in to read why. Come to the office with your identity document."),
    "decided": N_("Sign in to read the decision."),
    "delivered": N_("Sign in to fetch a certified copy."),
    "cancelled": N_("Sign in to choose another time."),
    "queued": N_("The time of %(time)s was given up. You are told when a notary is free."),
    "suspended": N_("Sign in to read why. The notary goes on, or another time is chosen."),
    "marriage.invited": N_("Sign in and take your part. The link works once, within 14 days."),
    "marriage.returned": N_("The fields are marked. Sign in, correct them, send it again."),
    "marriage.postponed": N_("Sign in to read why. Nothing is asked of you now."),
    "marriage.approved": N_("The fee is due. Sign in to pay it, then choose officiant and day."),
    "marriage.refused": N_("Sign in to read it. You may appeal there to the court's president."),
    "marriage.decided": N_("Sign in to read the decision."),
    "marriage.booked": N_("It begins on %(time)s (UAE time). Have your identity document ready."),
    "marriage.reminder": N_("It begins on %(time)s (UAE time). Have your identity document ready."),
    "marriage.cancelled": N_("Sign in to see how it goes on."),
    "marriage.interpreter_named": N_(
        "It begins on %(time)s (UAE time). Have your identity document ready. You take the oath on"
        " record."
    ),
    "marriage.interpreter_released": N_(
        "You are no longer asked to interpret on %(time)s (UAE time). Nothing is left for you to"
        " do."
    ),
    "marriage.again": N_("No contract came about. Sign in to choose another day."),
    "marriage.ready": N_("Sign in to fetch a certified copy."),
    "marriage.lapsing": N_("Sign in and go on with it; without action it ends in a few days."),
    "marriage.lapsed": N_("Nothing was done with it for two months. You may begin a new one."),
}
TIMED: Final = frozenset(
    {"booked", "reminder", "cancelled", "queued"}
    | {"marriage.booked", "marriage.reminder", "marriage.cancelled"}
    | {"marriage.interpreter_named", "marriage.interpreter_released"}
)
"""Those with a calendar file."""
GONE: Final = frozenset(
    {"cancelled", "queued", "marriage.cancelled", "marriage.interpreter_released"}
)
"""Those whose time is no more."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person."""

    to: str
    language: str
    what: str
    """A code of SUBJECTS."""
    reference: str
    link: str
    starts_at: datetime | None = None
    minutes: int = 30
    uid: str = ""
    """Of the calendar's event: the same for a time that moved."""


def build(letter: Letter, sender: str, zone: str, now: datetime) -> EmailMessage:
    """The mail in the reader's language, with the calendar file where it has a time."""
    language = letter.language if letter.language in i18n.LANGUAGES else "en"
    form = i18n.Formatter(language, zone)
    time = form.datetime(letter.starts_at) if letter.starts_at else ""
    subject = plain(i18n.translate(language, SUBJECTS[letter.what], reference=letter.reference))
    words = plain(i18n.translate(language, BODIES[letter.what], time=time))
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = letter.to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or "localhost")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{words}\n\n{letter.link}\n")
    if letter.starts_at and letter.what in TIMED:
        mail.add_attachment(
            calendar(letter, subject, now),
            maintype="text",
            subtype="calendar",
            filename="session.ics",
            params={"method": "PUBLISH", "charset": "utf-8"},
        )
    return mail


def calendar(letter: Letter, subject: str, now: datetime) -> bytes:
    """An iCalendar file (RFC 5545) with an alarm a quarter of an hour before; where the time is no
    more, the same event, cancelled and with the next number, so that a calendar takes it over."""
    assert letter.starts_at is not None  # noqa: S101
    file = Calendar()
    file.add("prodid", "-//Mahdar//Notary//EN")
    file.add("version", "2.0")
    event = Event()
    event.add("uid", f"{letter.uid}@mahdar")
    event.add("dtstamp", now)
    event.add("dtstart", letter.starts_at)
    event.add("dtend", letter.starts_at + timedelta(minutes=letter.minutes))
    event.add("summary", subject)
    event.add("url", letter.link)
    gone = letter.what in GONE
    event.add("status", "CANCELLED" if gone else "CONFIRMED")
    event.add("sequence", int(gone))
    if not gone:
        event.add_component(_alarm(subject))
    file.add_component(event)
    return bytes(file.to_ical())


def _alarm(subject: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", subject)
    alarm.add("trigger", timedelta(minutes=-15))
    return alarm


def plain(text: str) -> str:
    """Without the isolates that pages put around values: a header has no use for them."""
    return text.replace("\u2068", "").replace("\u2069", "")
