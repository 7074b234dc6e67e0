"""Finding products: by words that may be misspelt, within filters, in an order, page by page or from a place on."""

from __future__ import annotations

import asyncio
import base64
import zlib
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import product as contract
from patungan.kernel.errors import InvalidInput
from patungan.kernel.service import Context
from patungan.services.product.queries import products as product_queries
from patungan.services.product.queries import search as queries
from patungan.services.product.queries.products import ProductItem
from patungan.services.product.queries.search import FacetCount, FoundItem, Suggestion
from patungan.services.product.rules import PUBLIC_STATUSES, Sort, band_of_prices
from patungan.services.product.words import (
    LEAST_LETTERS,
    Spelling,
    Term,
    folded,
    is_spelt,
    meant_by,
    query_of,
    remainders,
    words_of,
)


class Filters(msgspec.Struct, frozen=True):
    """What a list is narrowed to; prices in rupiah, None where it is not."""

    factory_id: UUID | None = None
    min_price: int | None = None
    max_price: int | None = None
    category: str | None = None
    city: str | None = None
    open_session: bool | None = None

    def values(self) -> tuple[Any, ...]:
        """The filters in the order of the queries' parameters."""
        return (self.factory_id, self.min_price, self.max_price, self.category, self.city, self.open_session)


class FacetValue(msgspec.Struct, frozen=True):
    """A value that a list can be narrowed to, and how many products it would leave; prices in rupiah, by band."""

    value: str
    name: str
    name_en: str
    count: int
    min_price: int | None = None
    max_price: int | None = None


class Facets(msgspec.Struct, frozen=True):
    """How many of the products found have a value, each facet counted within the other filters."""

    category: list[FacetValue]
    price: list[FacetValue]
    city: list[FacetValue]
    session: list[FacetValue]


class Understood(msgspec.Struct, frozen=True):
    """A query as it was understood: the text of a tsquery, and the words where some were taken for misspelt."""

    tsquery: str
    corrected: str | None


class Found(msgspec.Struct, frozen=True):
    """A page of products found; ``next_cursor`` leads on from its last one, whatever is published meanwhile."""

    items: list[ProductItem]
    total: int
    next_cursor: str | None
    corrected: str | None
    facets: Facets | None


class Cursor(msgspec.Struct, frozen=True):
    """A place in a list: the order, the question it belongs to, and the product that stood there last."""

    sort: Sort
    question: int
    place: int
    place_name: str
    product_id: UUID


async def understand(ctx: Context, query: str, *, widely: bool = False) -> Understood | None:
    """The query with misspelt words replaced by those that were meant; None where it asks for nothing. ``widely``: every
    word may stand for others, known ones too."""
    words = words_of(query)
    if not words:
        return None
    spellings = await queries.find_spellings(ctx.db, words)
    terms = await asyncio.gather(*(_term(ctx, each, widely=widely) for each in spellings))
    best = [(*term.words, *term.beginnings)[0] for term in terms]
    corrected = " ".join(best) if any(one != each.word for one, each in zip(best, spellings, strict=True)) else None
    return Understood(query_of(terms), corrected)


async def _term(ctx: Context, spelling: Spelling, *, widely: bool) -> Term:
    """A word of the catalogue is meant as it stands, another one may be the beginning of one, else it is misspelt."""
    word = spelling.word
    itself = [word] if spelling.is_whole or len(word) < LEAST_LETTERS else []
    if is_spelt(word) and (widely or not spelling.is_known):
        near = meant_by(word, await queries.find_candidates(ctx.db, remainders(word)), widely=widely)
        if near:
            return Term([*itself, *near], [], spelling.stems)
    return Term(itself, [] if itself else [word], spelling.stems)


async def find(
    ctx: Context,
    query: str,
    filters: Filters,
    sort: Sort | None,
    *,
    page: int,
    limit: int,
    cursor: str | None,
    facets: bool,
) -> Found:
    """Products on sale; by relevance where something is searched for, else the newest first, unless ``sort`` says otherwise.

    Raises InvalidInput for relevance without a query, and for a cursor of another list.
    """
    understood = await understand(ctx, query)
    if understood is None and sort is Sort.RELEVANCE:
        raise InvalidInput("Relevance needs something to search for", field="sort")
    order = sort or (Sort.NEWEST if understood is None else Sort.RELEVANCE)
    window = _Window(filters, order, page, limit, cursor)
    found = await _answer(ctx, window, understood, facets=facets)
    if found.total or understood is None:
        return found
    wider = await understand(ctx, query, widely=True)
    if wider is None or wider == understood:
        return found
    further = await _answer(ctx, window, wider, facets=facets)
    return further if further.total else found


class _Window(msgspec.Struct, frozen=True):
    """Which part of which list is asked for."""

    filters: Filters
    order: Sort
    page: int
    limit: int
    cursor: str | None


async def _answer(ctx: Context, window: _Window, understood: Understood | None, *, facets: bool) -> Found:
    question = _fingerprint(window.filters, understood)
    after = None if window.cursor is None else _decoded(window.cursor, window.order, question)
    rows = await _page(ctx, window, understood, after)
    counted = await _facets(ctx, window.filters, understood) if facets else None
    total = rows[0].total if rows else None
    if total is None:
        count = queries.count_browsed if understood is None else queries.count_found
        total = await count(ctx.db, *window.filters.values(), *_text(understood))
    last = rows[-1] if len(rows) == window.limit else None
    return Found(
        [each.item for each in rows],
        total,
        None if last is None else _encoded(Cursor(window.order, question, last.place, last.place_name, last.item.id)),
        None if understood is None else understood.corrected,
        counted,
    )


def _text(understood: Understood | None) -> tuple[str, ...]:
    return () if understood is None else (understood.tsquery,)


async def _page(ctx: Context, window: _Window, understood: Understood | None, after: Cursor | None) -> list[FoundItem]:
    wanted, text = (*window.filters.values(), window.limit), _text(understood)
    if after is None:
        listed = queries.browse_pages if understood is None else queries.search_pages
        return await listed[window.order](ctx.db, *wanted, (window.page - 1) * window.limit, *text)
    beyond = queries.browse_after if understood is None else queries.search_after
    place = after.place_name if window.order is Sort.NAME else after.place
    return await beyond[window.order](ctx.db, *wanted, place, *text, after.product_id)


async def _facets(ctx: Context, filters: Filters, understood: Understood | None) -> Facets:
    count = queries.count_browsed_facets if understood is None else queries.count_found_facets
    rows = await count(ctx.db, *filters.values(), *_text(understood))
    return Facets(*(_values(rows, facet) for facet in Facets.__struct_fields__))


def _values(rows: list[FacetCount], facet: str) -> list[FacetValue]:
    mine = [each for each in rows if each.facet == facet]
    if facet != "price":
        return [FacetValue(each.value, each.name, each.name_en, each.count) for each in mine]
    by_price = sorted(mine, key=lambda each: int(each.value))
    return [FacetValue(each.value, "", "", each.count, *band_of_prices(int(each.value))) for each in by_price]


def _fingerprint(filters: Filters, understood: Understood | None) -> int:
    """Tells lists apart, so that a cursor is used with its own."""
    return zlib.crc32(msgspec.json.encode((filters, understood)))


def _encoded(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _decoded(text: str, order: Sort, question: int) -> Cursor:
    refusal = InvalidInput("This cursor belongs to another list", field="cursor")
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        cursor = msgspec.json.decode(content, type=Cursor)
    except (ValueError, msgspec.MsgspecError):
        raise refusal from None
    if cursor.sort is not order or cursor.question != question or abs(cursor.place) >= 2**63:
        raise refusal
    return cursor


async def suggestions(ctx: Context, query: str) -> list[Suggestion]:
    """What a query may become as it is typed: words, categories and products; at most thirteen, none for nothing."""
    words = words_of(query)
    understood = await understand(ctx, query)
    if understood is None:
        return []
    *before, beginning = words
    found = await queries.suggest(ctx.db, " ".join(before), beginning, folded(query).strip(), understood.tsquery)
    # Two products of one name, or a word that is the whole query, tell nothing new.
    return list({(each.kind, each.text): each for each in found if each.text != folded(query).strip()}.values())


async def related(ctx: Context, product_id: UUID, limit: int) -> list[ProductItem]:
    """Products of the same category, those most alike in name first, then the most bought; raises ProductNotFound."""
    product = await product_queries.find_product(ctx.db, product_id)
    if product is None or product.status not in PUBLIC_STATUSES:
        raise contract.ProductNotFound()
    return await queries.find_related(ctx.db, product_id, limit)
