"""Keeping the search true to the catalogue: its documents, its words, and the factories' names in them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from patungan.contracts import factory
from patungan.kernel import sql
from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.services.product.queries import indexing as queries
from patungan.services.product.words import remainders

BATCH = 500
"""How many products are indexed in one transaction when all are."""


async def index(tx: Transaction, product_ids: Sequence[UUID]) -> None:
    """Bring the documents of these products up to date, in the transaction that changed them: those on sale are found
    from its commit on, the others no more."""
    if not product_ids:
        return
    wanted = sorted(set(product_ids))
    await queries.index_documents(tx, wanted)
    await queries.drop_documents(tx, wanted)
    new = await queries.find_new_words(tx, wanted)
    if new:
        await queries.insert_words(tx, [{"word": word, "remainders": remainders(word)} for word in new])


async def know_factories(tx: Transaction, factories: Sequence[factory.Factory]) -> None:
    """Keep what the search shows of factories."""
    rows = [(each.id, each.name, each.city, each.province) for each in factories]
    await queries.keep_factory_names(tx, *sql.unzip(rows, 4))


async def refresh_factories(ctx: Context) -> int:
    """Ask the factory service for the names of all factories that have products; answers how many it knew."""
    known = 0
    ids = await queries.find_factories_of_products(ctx.db)
    for start in range(0, len(ids), BATCH):
        asked = factory.GetFactories(factory_ids=ids[start : start + BATCH])
        found = (await ctx.call(factory.get_factories, asked)).factories
        async with ctx.db.transaction() as tx:
            await know_factories(tx, found)
        known += len(found)
    return known


async def index_everything(ctx: Context) -> int:
    """Index every product on sale, in batches of short transactions; answers how many there are."""
    done, last = 0, UUID(int=0)
    while batch := await queries.find_active_products(ctx.db, last, BATCH):
        async with ctx.db.transaction() as tx:
            await index(tx, batch)
        done, last = done + len(batch), batch[-1]
    return done


async def recount_words(ctx: Context) -> None:
    """Count anew how many products have each word, and forget words that none has."""
    async with ctx.db.transaction() as tx:
        await queries.count_words_again(tx)
        await queries.forget_unused_words(tx)
