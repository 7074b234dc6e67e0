"""Imports and exports: a factory's products as a sheet, taken in whole or line by line, and given out as a stream."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import product as contract
from patungan.contracts.group_buying import TiersOutOfOrder
from patungan.kernel.database import Transaction
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.product import sheet
from patungan.services.product.operations.indexing import index, know_factories
from patungan.services.product.operations.ownership import editable_factory, factories_of
from patungan.services.product.operations.products import FIXED_IN_SESSION, note_prices
from patungan.services.product.queries import categories as category_queries
from patungan.services.product.queries import prices as price_queries
from patungan.services.product.queries import products as product_queries
from patungan.services.product.queries import sheets as queries
from patungan.services.product.queries.sheets import KnownSku
from patungan.services.product.rules import RESERVED_SLUGS, adjustment_fits, prices_in_order, slug_of
from patungan.services.product.sheet import SheetError, SheetLine, SheetProduct

EXPORT_BATCH = 500


class ImportMode(enum.StrEnum):
    """What becomes of a sheet with faults: nothing of it is taken, or every line without one."""

    WHOLE = "whole"
    BY_LINE = "by_line"


class ImportReport(msgspec.Struct, frozen=True):
    """What an import did, or on a dry run would do; numbers of lines. ``applied`` is False where nothing was changed."""

    id: UUID
    mode: ImportMode
    dry_run: bool
    applied: bool
    created: int
    updated: int
    unchanged: int
    refused: int
    errors: list[SheetError]


class _Plan(msgspec.Struct):
    """What is to be done, line by line, and what is wrong."""

    new: list[SheetLine] = msgspec.field(default_factory=list)
    changed: list[tuple[KnownSku, SheetProduct]] = msgspec.field(default_factory=list)
    unchanged: int = 0
    errors: list[SheetError] = msgspec.field(default_factory=list)


class _Question(msgspec.Struct, frozen=True):
    factory_id: UUID
    text: str
    mode: ImportMode
    dry_run: bool


async def take_in(
    ctx: Context, caller: Caller, factory_id: UUID, text: str, mode: ImportMode, *, dry_run: bool, key: str
) -> ImportReport:
    """Make and change the products of a sheet, by SKU, in one transaction; new ones are drafts.

    Raises FactoryNotFound for another's, ImportRefused for a file that is no such sheet.
    """
    factory = await editable_factory(ctx, caller, factory_id)
    try:
        lines, errors = sheet.read(text)
    except sheet.Unreadable as fault:
        raise contract.ImportRefused(str(fault)) from None

    async def work(tx: Transaction) -> ImportReport:
        plan = await _planned(tx, factory_id, lines, errors)
        applied = not dry_run and (mode is ImportMode.BY_LINE or not plan.errors)
        if applied:
            await know_factories(tx, [factory])
            await _apply(ctx, tx, caller, factory_id, plan)
        faults = sorted(plan.errors, key=lambda each: (each.line, each.column))
        report = ImportReport(
            ctx.chance.new_id(),
            mode,
            dry_run,
            applied,
            len(plan.new),
            len(plan.changed),
            plan.unchanged,
            len({each.line for each in faults}),
            faults,
        )
        await queries.store_report(
            tx, report.id, factory_id, caller.user_id, ctx.clock.now(), msgspec.to_builtins(report)
        )
        return report

    question = _Question(factory_id, text, mode, dry_run)
    return await once(ctx.db, caller.user_id, "product.import", key, question, ctx.clock.now(), ImportReport, work)


async def _planned(
    tx: Transaction, factory_id: UUID, lines: Sequence[SheetLine], errors: Sequence[SheetError]
) -> _Plan:
    plan = _Plan(errors=list(errors))
    categories = {each.slug: each for each in await category_queries.find_all_categories(tx)}
    known = {each.sku: each for each in await queries.lock_skus(tx, [each.product.sku.upper() for each in lines])}
    for line in lines:
        before = known.get(line.product.sku.upper())
        if before is not None and before.factory_id != factory_id:
            plan.errors.append(SheetError(line.line, "sku", contract.SkuTaken.code, contract.SkuTaken.title))
            continue
        after = line.product if before is None else _merged(before.product, line)
        category = categories.get(after.category)
        if category is None or not category.is_active:
            title = contract.CategoryNotFound.title
            plan.errors.append(SheetError(line.line, "category", contract.CategoryNotFound.code, title))
            continue
        fault = _fault(line, before, after)
        if fault is not None:
            plan.errors.append(fault)
        elif before is None:
            plan.new.append(line)
        elif after == before.product:
            plan.unchanged += 1
        else:
            plan.changed.append((before, after))
    return plan


def _merged(before: SheetProduct, line: SheetLine) -> SheetProduct:
    """The product with what the line fills; an empty cell leaves it as it is."""
    filled = {name: getattr(line.product, name) for name in line.given if name != "sku"}
    return msgspec.structs.replace(before, **filled)


def _fault(line: SheetLine, before: KnownSku | None, after: SheetProduct) -> SheetError | None:
    tiers = (after.price_tier_25, after.price_tier_50, after.price_tier_75, after.price_tier_100)
    if not prices_in_order(after.base_price, *tiers):
        return SheetError(line.line, "base_price", TiersOutOfOrder.code, TiersOutOfOrder.title)
    if before is None:
        return None
    fixed = [name for name in FIXED_IN_SESSION if getattr(before.product, name) != getattr(after, name)]
    if fixed and before.in_session:
        return SheetError(line.line, fixed[0], contract.ProductInSession.code, contract.ProductInSession.title)
    if not adjustment_fits(after.price_tier_100, before.lowest_adjustment):
        return SheetError(line.line, "price_tier_100", "invalid", "A variant would cost less than one rupiah")
    return None


async def _apply(ctx: Context, tx: Transaction, caller: Caller, factory_id: UUID, plan: _Plan) -> None:
    now = ctx.clock.now()
    categories = {each.slug: each.id for each in await category_queries.find_all_categories(tx)}
    slugs = await _slugs(ctx, tx, plan.new)
    made = [
        {"id": ctx.chance.new_id(), "slug": slug, **_columns(line.product, categories)}
        for line, slug in zip(plan.new, slugs, strict=True)
    ]
    inserted = await queries.insert_products(tx, made, factory_id, now)
    if inserted != len(made):
        # Somebody took a SKU or a slug between the look and the insert.
        raise contract.SkuTaken("Products were made meanwhile; import the sheet again")
    ids = [each["id"] for each in made]
    await queries.write_first_history(tx, ids, now, caller.user_id)
    await price_queries.write_prices(tx, ids, now, caller.user_id)
    changes = [{"id": before.id, **_columns(after, categories)} for before, after in plan.changed]
    await queries.update_products(tx, changes, now)
    repriced = [before.id for before, after in plan.changed if _prices(before.product) != _prices(after)]
    await note_prices(ctx, tx, caller, await product_queries.find_products(tx, repriced))
    await index(tx, [before.id for before, _ in plan.changed])


def _prices(product: SheetProduct) -> list[int]:
    return [getattr(product, name) for name in FIXED_IN_SESSION]


def _columns(product: SheetProduct, categories: Mapping[str, UUID]) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(product)
    return {**told, "sku": product.sku.upper(), "category_id": categories[product.category]}


async def _slugs(ctx: Context, tx: Transaction, lines: Sequence[SheetLine]) -> list[str]:
    """A slug of its own for each line: the name's where it is free, else with something random behind."""
    wanted = [slug_of(each.product.name) or each.product.sku.lower() for each in lines]
    taken = {*RESERVED_SLUGS, *(await queries.find_taken_slugs(tx, wanted))}
    given = []
    for slug in wanted:
        free = slug if slug not in taken else f"{slug}-{ctx.chance.code(7).lower()}"
        taken.add(free)
        given.append(free)
    return given


async def report_of(ctx: Context, caller: Caller, report_id: UUID) -> ImportReport:
    """The report of an import; raises ImportNotFound for another's."""
    stored = await queries.find_report(ctx.db, report_id)
    if stored is None or (stored.actor != caller.user_id and not caller.is_admin):
        raise contract.ImportNotFound()
    return msgspec.json.decode(stored.report, type=ImportReport)


async def give_out(ctx: Context, caller: Caller, factory_id: UUID | None) -> AsyncIterator[str]:
    """The sheet of the caller's products, or of one factory's, in pieces; raises FactoryNotFound before the first."""
    if factory_id is not None:
        factories = [(await editable_factory(ctx, caller, factory_id)).id]
    else:
        factories = [each.id for each in await factories_of(ctx, caller)]
    return _pieces(ctx, factories)


async def _pieces(ctx: Context, factories: list[UUID]) -> AsyncIterator[str]:
    yield sheet.write_heading()
    last = UUID(int=0)
    while rows := await queries.find_exported(ctx.db, factories, last, EXPORT_BATCH):
        yield sheet.write(each.product for each in rows)
        last = rows[-1].id
