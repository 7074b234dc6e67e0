"""A store's own stock: what it sells at which price, and what its owner books of it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from patungan.contracts import product
from patungan.contracts import seller as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, InvalidInput
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context, implements
from patungan.kernel.sql import unzip
from patungan.services.seller import rules
from patungan.services.seller.operations.shelf import Change, move
from patungan.services.seller.operations.stores import own_store
from patungan.services.seller.queries import stock as queries
from patungan.services.seller.queries.sellers import SellerRow
from patungan.services.seller.queries.stock import ItemRow, VariantRow
from patungan.services.seller.rules import MovementType, SellerStatus, VerificationStatus

ON_SALE = "active"


class Share(msgspec.Struct, frozen=True):
    """A variant as it is put into the stock: its difference in price, and units at the beginning."""

    variant_id: UUID | None
    price_adjustment: int = 0
    stock: int = 0


class NewItem(msgspec.Struct, frozen=True):
    """A product as it is put into the stock; rupiah."""

    product_id: UUID
    price: int
    cost_price: int | None
    low_stock_threshold: int
    variants: list[Share]


class ItemView(msgspec.Struct, frozen=True):
    """A product in the stock with its variants; ``low`` where one is at its threshold."""

    id: UUID
    product_id: UUID
    product_name: str
    price: int
    cost_price: int | None
    low_stock_threshold: int
    is_active: bool
    low: bool
    variants: list[VariantRow]


class StockChange(msgspec.Struct, frozen=True):
    """A movement that a seller books, in units; an adjustment is signed."""

    item_id: UUID
    variant_id: UUID | None
    type: MovementType
    quantity: int
    reason: str


def _view(item: ItemRow, variants: Sequence[VariantRow]) -> ItemView:
    own = [each for each in variants if each.inventory_id == item.id]
    low = any(each.available <= item.low_stock_threshold for each in own)
    return ItemView(
        item.id,
        item.product_id,
        item.product_name,
        item.price,
        item.cost_price,
        item.low_stock_threshold,
        item.is_active,
        low,
        own,
    )


async def _selling_store(ctx: Context, caller: Caller) -> SellerRow:
    store = await own_store(ctx, caller)
    if store.status is not SellerStatus.ACTIVE or store.verification_status is not VerificationStatus.VERIFIED:
        raise contract.SellerNotActive()
    return store


async def add_item(ctx: Context, caller: Caller, wanted: NewItem, key: str) -> ItemView:
    """Put a product of the catalogue into the own stock.

    Raises SellerNotActive, ProductNotFound, VariantNotFound, SellerItemExists, InvalidInput for a price below one rupiah.
    """
    store = await _selling_store(ctx, caller)
    found = (await ctx.call(product.get_products, product.GetProducts(product_ids=[wanted.product_id]))).products
    if not found or found[0].status != ON_SALE:
        raise product.ProductNotFound(field="product_id")
    goods = found[0]
    _check(goods, wanted)
    names = {each.id: each.name for each in goods.variants}

    async def work(tx: Transaction) -> ItemView:
        item_id, now = ctx.chance.new_id(), ctx.clock.now()
        made = await queries.insert_item(
            tx,
            item_id,
            store.id,
            goods.id,
            goods.factory_id,
            goods.name,
            wanted.price,
            wanted.cost_price,
            wanted.low_stock_threshold,
            now,
        )
        if not made:
            raise contract.SellerItemExists(field="product_id")
        rows = [
            (ctx.chance.new_id(), each.variant_id, "" if each.variant_id is None else names[each.variant_id],
             each.price_adjustment)
            for each in wanted.variants
        ]  # fmt: skip
        await queries.insert_variants(tx, item_id, *unzip(rows, 4))
        ids = {row[1]: row[0] for row in rows}
        changes = [
            Change(ids[each.variant_id], MovementType.PURCHASE, each.stock, "First stock", stock=each.stock,
                   actor=caller.user_id)
            for each in wanted.variants
            if each.stock
        ]  # fmt: skip
        await move(ctx, tx, await queries.lock_item_stock(tx, item_id), changes)
        return await _found(tx, store.id, item_id)

    return await once(ctx.db, caller.user_id, "seller-item", key, wanted, ctx.clock.now(), ItemView, work)


def _check(goods: product.Product, wanted: NewItem) -> None:
    given = [each.variant_id for each in wanted.variants]
    if len(set(given)) != len(given):
        raise InvalidInput("A variant is named twice", field="variants")
    known: set[UUID | None] = {each.id for each in goods.variants if each.is_active} or {None}
    if any(each not in known for each in given):
        raise product.VariantNotFound(field="variants")
    if any(wanted.price + each.price_adjustment < 1 for each in wanted.variants):
        raise InvalidInput("A unit costs one rupiah or more", field="price_adjustment")


async def _found(tx: Transaction, seller_id: UUID, item_id: UUID) -> ItemView:
    item = await queries.find_item(tx, item_id, seller_id)
    if item is None:
        raise contract.SellerItemNotFound()
    return _view(item, await queries.find_variants(tx, [item_id]))


async def list_items(
    ctx: Context, caller: Caller, is_active: bool | None, low: bool, page: int, limit: int
) -> tuple[list[ItemView], int]:
    """A page of the own stock, the newest first, and of how many."""
    store = await own_store(ctx, caller)
    wanted = (store.id, is_active, low)
    items = await queries.list_items(ctx.db, *wanted, limit, (page - 1) * limit)
    variants = await queries.find_variants(ctx.db, [each.id for each in items])
    return [_view(each, variants) for each in items], await queries.count_items(ctx.db, *wanted)


async def one_item(ctx: Context, caller: Caller, item_id: UUID) -> ItemView:
    """A product of the own stock; raises SellerItemNotFound for another store's."""
    store = await own_store(ctx, caller)
    async with ctx.db.transaction() as tx:
        return await _found(tx, store.id, item_id)


async def change_item(
    ctx: Context, caller: Caller, item_id: UUID, changes: dict[str, object], adjustments: dict[UUID | None, int]
) -> ItemView:
    """Change prices, the threshold, or whether it is on sale; orders keep the price that they were made at.

    Raises SellerItemNotFound, VariantNotFound, InvalidInput for a price below one rupiah.
    """
    store = await own_store(ctx, caller)
    async with ctx.db.transaction() as tx:
        before = await queries.lock_item(tx, item_id, store.id)
        if before is None:
            raise contract.SellerItemNotFound()
        after = msgspec.structs.replace(before, **changes)
        variants = await queries.find_variants(tx, [item_id])
        if not set(adjustments) <= {each.variant_id for each in variants}:
            raise product.VariantNotFound(field="variants")
        if any(after.price + adjustments.get(each.variant_id, each.price_adjustment) < 1 for each in variants):
            raise InvalidInput("A unit costs one rupiah or more", field="price")
        await queries.update_item(
            tx, item_id, after.price, after.cost_price, after.low_stock_threshold, after.is_active, ctx.clock.now()
        )
        await queries.update_variants(tx, item_id, list(adjustments), list(adjustments.values()))
        return await _found(tx, store.id, item_id)


async def withdraw_item(ctx: Context, caller: Caller, item_id: UUID) -> None:
    """Sell a product no more; its history stays. Raises SellerItemNotFound, Conflict while units are promised."""
    store = await own_store(ctx, caller)
    async with ctx.db.transaction() as tx:
        item = await queries.lock_item(tx, item_id, store.id)
        if item is None:
            raise contract.SellerItemNotFound()
        await queries.lock_item_stock(tx, item_id)
        if await queries.reserved_of_item(tx, item_id):
            raise Conflict("Units of this product are promised to orders")
        await queries.update_item(
            tx, item_id, item.price, item.cost_price, item.low_stock_threshold, False, ctx.clock.now()
        )


async def book(ctx: Context, caller: Caller, wanted: StockChange, key: str) -> ItemView:
    """Book a purchase, a return, damage, a loss or a correction; promised units stay.

    Raises SellerItemNotFound, VariantNotFound, SellerStockRefused, InvalidInput for a movement that follows orders.
    """
    store = await own_store(ctx, caller)
    if wanted.type not in rules.BY_HAND:
        raise InvalidInput("This movement follows orders", field="type")
    if wanted.quantity == 0 or (wanted.quantity < 0 and wanted.type is not MovementType.ADJUSTMENT):
        raise InvalidInput("Nothing would change, or the wrong way", field="quantity")

    async def work(tx: Transaction) -> ItemView:
        if await queries.lock_item(tx, wanted.item_id, store.id) is None:
            raise contract.SellerItemNotFound()
        locked = await queries.lock_item_stock(tx, wanted.item_id)
        stock = next((each for each in locked if each.variant_id == wanted.variant_id), None)
        if stock is None:
            raise product.VariantNotFound(field="variant_id")
        by = rules.stock_change(wanted.type, wanted.quantity)
        change = Change(stock.id, wanted.type, abs(by), wanted.reason, stock=by, actor=caller.user_id)
        await move(ctx, tx, locked, [change])
        return await _found(tx, store.id, wanted.item_id)

    return await once(ctx.db, caller.user_id, "seller-stock", key, wanted, ctx.clock.now(), ItemView, work)


@implements(contract.get_offers)
async def get_offers(ctx: Context, request: contract.GetOffers) -> contract.Offers:
    return contract.Offers(offers=await queries.find_offers(ctx.db, request.product_ids))
