"""The files of signed documents held against the leaves that were written with them.

Implements `audit.fsck.Rows`: every version of every deed, marriage or minutes has a leaf with its
hash, and every such leaf its version. Both were one transaction once.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator

from audit import store as leaves
from database import Database
from notary.signing import store
from recordings.rows import differences

TYPES = ("doc.rendered", "sign.applied", "doc.renewed")


class DeedRows:
    """Versions of files, by the deed (or sitting) that they belong to."""

    async def check(self, database: Database) -> AsyncIterator[str]:
        """One sentence for each row or leaf without its other half; '' for those that fit."""
        async with database.unit(write=False) as session:
            subjects = await store.subjects(session)
            subjects |= await leaves.subjects(session, TYPES)  # deleted with all its rows
        for subject in sorted(subjects):
            async with database.unit(write=False) as session:
                entries = [
                    json.loads(one.entry) for one in await leaves.of_subject(session, subject)
                ]
                rows = Counter(await store.version_lines(session, subject))
            said = Counter(
                f"document {entry['d']['ceremony']} {entry['d'].get('revision', 0)} "
                f"{entry['d']['sha256']}"
                for entry in entries
                if entry["t"] in TYPES
            )
            for what in differences(f"deed {subject}", said, rows):
                yield what
