"""The journal: whose line it is, a period, and the table that is taken away."""

import csv
import io
from dataclasses import replace

from audit import leaf as leaves
from auth.audit_reading.query import Query
from notary.deeds import journal
from notary.deeds.journal import Book
from notary.deeds.journal_table import table
from tests.notary.acts.test_substitute import sealed_by_substitute
from tests.notary.acts.world import World


async def two_notaries(world: World) -> tuple[str, str]:
    """An act by the notary, and a day later one by the substitute. Their ids."""
    first = await world.delivered()
    world.house.clock.advance(24 * 3600)
    deputy, _ = await sealed_by_substitute(world)
    return first.notary, deputy.id


def names(book: Book) -> list[str]:
    return [line.author.name("en") for line in book.lines if line.author]


async def test_the_director_reads_whose_each_line_is(lite: World) -> None:
    own, deputy = await two_notaries(lite)
    core, director = lite.office.core, lite.who("director")
    whole = await journal.read(core, director)
    notary = lite.who("notary").name("en")
    assert names(whole) == ["Another Notary", notary]
    assert {one.id for one in whole.notaries} == {own, deputy}
    assert names(await journal.read(core, director, Query(account=own))) == [notary]
    newest = whole.lines[0].at.astimezone().date().isoformat()
    assert names(await journal.read(core, director, Query(since=newest))) == ["Another Notary"]
    short = await journal.read(core, director, most=1)
    assert (names(short), short.count) == (["Another Notary"], 2)


async def test_a_notary_reads_the_own_lines_whatever_is_asked(lite: World) -> None:
    own, deputy = await two_notaries(lite)
    book = await journal.read(lite.office.core, lite.who("notary"), Query(account=deputy))
    assert [line.notary for line in book.lines] == [own]
    assert book.own
    assert book.notaries == ()


async def test_the_table_names_and_the_log_does_not(lite: World) -> None:
    own, _ = await two_notaries(lite)
    core, director = lite.office.core, lite.who("director")
    book = await journal.export(core, director, Query(account=own))
    for language, column in (("en", "Notary"), ("ar", "الكاتب العدل")):
        found = table(book, language, core.zone)
        row = next(csv.DictReader(io.StringIO(found.decode("utf-8-sig"), newline="")))
        assert row[column] == lite.who("notary").name(language)
        assert own in row.values()
    stored = await lite.house.log.leaves(director.id)
    leaf = leaves.decode(stored[-1].entry)
    assert leaf.type == "journal.exported"
    assert leaf.data["notary"] == own
    assert leaf.data["lines"] == 1
    assert lite.who("notary").name("en") not in stored[-1].entry.decode()


async def test_a_name_that_a_spreadsheet_would_calculate_stays_a_name(lite: World) -> None:
    await lite.delivered()
    book = await journal.read(lite.office.core, lite.who("director"))
    author = replace(lite.who("notary"), name_en='=HYPERLINK("http://x")')
    line = replace(book.lines[0], author=author)
    assert "'=HYPERLINK" in table(replace(book, lines=(line,)), "en", "Asia/Dubai").decode()
