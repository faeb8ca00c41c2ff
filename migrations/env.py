"""Alembic's environment. Runs only inside `migrate`, which passes an open connection."""

from typing import Any

from alembic import context

from database import Base, UtcDateTime
from recordings.wrapped.store import WrappedKey


def render(kind: str, item: Any, _autogen: Any) -> str | bool:
    """A revision names no class of ours, so that it still runs when the class is gone."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, WrappedKey):
        return f"sa.{item.impl_instance!r}"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=render,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
