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
from patungan.kernel.errors import Conflict
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
from patungan.services.product.queries.sheets import KnownSku, KnownVariant
from patungan.services.product.rules import (
    RESERVED_SLUGS,
    VARIANTS_PER_PRODUCT,
    adjustment_fits,
    prices_in_order,
    slug_of,
)
from patungan.services.product.sheet import SheetError, SheetLine, SheetProduct, SheetVariant, refused_with

EXPORT_BATCH = 500


class ImportMode(enum.StrEnum):
    """What becomes of a sheet with faults: nothing of it is taken, or every line without one."""

    WHOLE = "whole"
    BY_LINE = "by_line"


class ImportReport(msgspec.Struct, frozen=True):
    """What an import did, or on a dry run would do; products, and ``refused`` lines. ``variants`` are those made or changed
    of all of them. ``applied`` is False where nothing was changed."""

    id: UUID
    mode: ImportMode
    dry_run: bool
    applied: bool
    created: int
    updated: int
    unchanged: int
    refused: int
    errors: list[SheetError]
    variants: int = 0


class _Change(msgspec.Struct):
    """What becomes of a product that is there, and of its variants."""

    before: KnownSku
    after: SheetProduct
    new: list[SheetVariant]
    changed: list[KnownVariant]

    @property
    def changes_product(self) -> bool:
        return self.after != self.before.product


class _Plan(msgspec.Struct):
    """What is to be done, product by product, and what is wrong."""

    new: list[tuple[SheetProduct, list[SheetVariant]]] = msgspec.field(default_factory=list)
    changed: list[_Change] = msgspec.field(default_factory=list)
    unchanged: int = 0
    errors: list[SheetError] = msgspec.field(default_factory=list)

    @property
    def variants(self) -> int:
        return sum(len(each) for _, each in self.new) + sum(len(each.new) + len(each.changed) for each in self.changed)


class _Question(msgspec.Struct, frozen=True):
    factory_id: UUID
    text: str
    mode: ImportMode
    dry_run: bool


async def take_in(
    ctx: Context, caller: Caller, factory_id: UUID, text: str, mode: ImportMode, *, dry_run: bool, key: str
) -> ImportReport:
    """Make and change the products of a sheet and their variants, by SKU, in one transaction; new products are drafts.

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
            plan.variants,
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
    skus = [each.variant.sku.upper() for line in lines for each in line.variants]
    owners = {each.sku: each.product_id for each in await queries.find_variant_owners(tx, skus)}
    for line in lines:
        before = known.get(line.product.sku.upper())
        if before is not None and before.factory_id != factory_id:
            _refuse(plan, line, SheetError(line.line, "sku", contract.SkuTaken.code, contract.SkuTaken.title))
            continue
        after = line.product if before is None else _merged(before.product, line)
        category = categories.get(after.category)
        if category is None or not category.is_active:
            code, title = contract.CategoryNotFound.code, contract.CategoryNotFound.title
            _refuse(plan, line, SheetError(line.line, "category", code, title))
            continue
        variants, wrong = _variants(line, before, after, owners)
        own = [each for each in wrong if each.line == line.line]
        fault = own[0] if own else _fault(line, before, after, variants)
        if fault is not None:
            _refuse(plan, line, fault)
            continue
        plan.errors += wrong
        _take(plan, before, after, variants)
    return plan


def _refuse(plan: _Plan, line: SheetLine, fault: SheetError) -> None:
    """Take nothing of a product, further variants included."""
    plan.errors.append(fault)
    plan.errors += [refused_with(each.line, line.line) for each in line.variants if each.line != line.line]


def _take(plan: _Plan, before: KnownSku | None, after: SheetProduct, variants: Sequence[SheetVariant]) -> None:
    if before is None:
        plan.new.append((after, list(variants)))
        return
    known = {each.sku: each for each in before.variants}
    new = [each for each in variants if each.sku.upper() not in known]
    named = [(known[each.sku.upper()], each) for each in variants if each.sku.upper() in known]
    changed = [after_it for before_it, each in named if (after_it := _filled(before_it, each)) != before_it]
    change = _Change(before, after, new, changed)
    if change.changes_product or new or changed:
        plan.changed.append(change)
    else:
        plan.unchanged += 1


def _filled(before: KnownVariant, told: SheetVariant) -> KnownVariant:
    """The variant with what the line fills."""
    return msgspec.structs.replace(
        before,
        name=before.name if told.name is None else told.name,
        price_adjustment=before.price_adjustment if told.price_adjustment is None else told.price_adjustment,
    )


def _variants(
    line: SheetLine, before: KnownSku | None, after: SheetProduct, owners: Mapping[str, UUID]
) -> tuple[list[SheetVariant], list[SheetError]]:
    """The variants of a product that can be taken, and what is wrong with the others."""
    known = {} if before is None else {each.sku: each for each in before.variants}
    count, taken, errors = len(known), list[SheetVariant](), list[SheetError]()
    for each in line.variants:
        sku = each.variant.sku.upper()
        fault = _variant_fault(each.variant, known.get(sku), after, in_session=before is not None and before.in_session)
        if sku not in known:
            count += 1
            if sku in owners:
                fault = ("sku", contract.SkuTaken.code, contract.SkuTaken.title)
            elif count > VARIANTS_PER_PRODUCT:
                fault = ("sku", Conflict.code, f"A product has at most {VARIANTS_PER_PRODUCT} variants")
        if fault is None:
            taken.append(each.variant)
        else:
            column, code, message = fault
            errors.append(SheetError(each.line, f"variant_{column}", code, message))
    return taken, errors


def _variant_fault(
    told: SheetVariant, known: KnownVariant | None, product: SheetProduct, *, in_session: bool
) -> tuple[str, str, str] | None:
    """Column, code and message of what is wrong with a variant by itself."""
    if known is None and told.name is None:
        return "name", "missing", "A new variant needs a name"
    if told.price_adjustment is None or (known is not None and told.price_adjustment == known.price_adjustment):
        return None
    if known is not None and in_session:
        return "price_adjustment", contract.ProductInSession.code, contract.ProductInSession.title
    if not adjustment_fits(product.price_tier_100, told.price_adjustment):
        return "price_adjustment", "invalid", "The variant would cost less than one rupiah"
    return None


def _merged(before: SheetProduct, line: SheetLine) -> SheetProduct:
    """The product with what the line fills; an empty cell leaves it as it is."""
    filled = {name: getattr(line.product, name) for name in line.given if name != "sku"}
    return msgspec.structs.replace(before, **filled)


def _fault(
    line: SheetLine, before: KnownSku | None, after: SheetProduct, variants: Sequence[SheetVariant]
) -> SheetError | None:
    tiers = (after.price_tier_25, after.price_tier_50, after.price_tier_75, after.price_tier_100)
    if not prices_in_order(after.base_price, *tiers):
        return SheetError(line.line, "base_price", TiersOutOfOrder.code, TiersOutOfOrder.title)
    if before is None:
        return None
    fixed = [name for name in FIXED_IN_SESSION if getattr(before.product, name) != getattr(after, name)]
    if fixed and before.in_session:
        return SheetError(line.line, fixed[0], contract.ProductInSession.code, contract.ProductInSession.title)
    told = {each.sku.upper(): each.price_adjustment for each in variants if each.price_adjustment is not None}
    lowest = min((told.get(each.sku, each.price_adjustment) for each in before.variants), default=0)
    if not adjustment_fits(after.price_tier_100, lowest):
        return SheetError(line.line, "price_tier_100", "invalid", "A variant would cost less than one rupiah")
    return None


async def _apply(ctx: Context, tx: Transaction, caller: Caller, factory_id: UUID, plan: _Plan) -> None:
    now = ctx.clock.now()
    categories = {each.slug: each.id for each in await category_queries.find_all_categories(tx)}
    slugs = await _slugs(ctx, tx, [product for product, _ in plan.new])
    made = [
        {"id": ctx.chance.new_id(), "slug": slug, **_columns(product, categories)}
        for (product, _), slug in zip(plan.new, slugs, strict=True)
    ]
    inserted = await queries.insert_products(tx, made, factory_id, now)
    if inserted != len(made):
        # Somebody took a SKU or a slug between the look and the insert.
        raise contract.SkuTaken("Products were made meanwhile; import the sheet again")
    ids = [each["id"] for each in made]
    await queries.write_first_history(tx, ids, now, caller.user_id)
    await price_queries.write_prices(tx, ids, now, caller.user_id)
    products = [each for each in plan.changed if each.changes_product]
    changes = [{"id": each.before.id, **_columns(each.after, categories)} for each in products]
    await queries.update_products(tx, changes, now)
    await _apply_variants(ctx, tx, plan, ids)
    repriced = [each.before.id for each in products if _prices(each.before.product) != _prices(each.after)]
    await note_prices(ctx, tx, caller, await product_queries.find_products(tx, repriced))
    await index(tx, [each.before.id for each in plan.changed])


async def _apply_variants(ctx: Context, tx: Transaction, plan: _Plan, made: Sequence[UUID]) -> None:
    """Make and change variants, those of new products (``made``, in the plan's order) and of known ones."""
    wanted = [(product_id, variants) for product_id, (_, variants) in zip(made, plan.new, strict=True)]
    wanted += [(each.before.id, each.new) for each in plan.changed]
    rows = [
        {
            "id": ctx.chance.new_id(),
            "product_id": product_id,
            "sku": each.sku.upper(),
            "name": each.name,
            "price_adjustment": each.price_adjustment or 0,
            "place": place,
        }
        for product_id, variants in wanted
        for place, each in enumerate(variants, 1)
    ]
    if await queries.insert_variants(tx, rows, ctx.clock.now()) != len(rows):
        raise contract.SkuTaken("Variants were made meanwhile; import the sheet again")
    await queries.declare_variants(tx, [product_id for product_id, variants in wanted if variants])
    changed = [msgspec.to_builtins(variant) for each in plan.changed for variant in each.changed]
    await queries.update_variants(tx, changed)


def _prices(product: SheetProduct) -> list[int]:
    return [getattr(product, name) for name in FIXED_IN_SESSION]


def _columns(product: SheetProduct, categories: Mapping[str, UUID]) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(product)
    return {**told, "sku": product.sku.upper(), "category_id": categories[product.category]}


async def _slugs(ctx: Context, tx: Transaction, products: Sequence[SheetProduct]) -> list[str]:
    """A slug of its own for each product: the name's where it is free, else with something random behind."""
    wanted = [slug_of(each.name) or each.sku.lower() for each in products]
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
        yield sheet.write((each.product, each.variants) for each in rows)
        last = rows[-1].id
