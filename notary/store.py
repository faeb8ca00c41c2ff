"""Columns that the tables of deeds and of marriages share. Each has its own tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from database import Serial, UtcDateTime
from recordings.wrapped.store import WrappedKey


class Upload:
    """A paper on disk (`recordings.papers.files`). One that was taken back stays, marked."""

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    """As its owner called it, sealed."""
    type: Mapped[str] = mapped_column(String(8))
    size: Mapped[int] = mapped_column(Integer)
    pages: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[bytes] = mapped_column(WrappedKey("request"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(32))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Entry:
    """One entry of a history (`notary.history`). Only inserted."""

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
