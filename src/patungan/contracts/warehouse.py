"""The contract of warehouse: stock, bundle rules, and meeting a session's demand."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from patungan.kernel.contract import Message, Nothing, event, operation
from patungan.kernel.errors import Problem
from patungan.kernel.money import Rupiah


class GetWarehouses(Message, frozen=True):
    """Asks for warehouses by id; an empty list asks for all that are active."""

    warehouse_ids: list[UUID]


class Warehouse(Message, frozen=True):
    id: UUID
    code: str
    name: str
    city: str
    province: str
    postal_code: str


class Warehouses(Message, frozen=True):
    warehouses: list[Warehouse]


class GetBundleRules(Message, frozen=True):
    """Asks what a session's joins are bound by (DOMAIN.md 5)."""

    product_id: UUID
    warehouse_id: UUID


class VariantRule(Message, frozen=True):
    """A variant's share of a bundle, tolerated excess and free stock, in units. ``variant_id`` None: no variants."""

    variant_id: UUID | None
    units_per_bundle: int
    max_excess_units: int
    free_stock: int


class BundleRules(Message, frozen=True):
    """The rules of a product; empty where it is not sold in bundles."""

    rules: list[VariantRule]


class DemandLine(Message, frozen=True):
    """Units that were sold of a variant, with what the factory is paid a unit of new goods (rupiah)."""

    variant_id: UUID | None
    quantity: int
    unit_cost: Rupiah


class FulfilDemand(Message, frozen=True):
    """Reserves what is there and orders what is missing, for the whole session at once.

    A second request for the session answers the first one's result.
    """

    session_id: UUID
    session_code: str
    product_id: UUID
    product_name: str
    factory_id: UUID
    warehouse_id: UUID
    lines: list[DemandLine]
    needed_by: datetime


class FulfilledLine(Message, frozen=True):
    """How a variant's demand is met, in units: from stock at hand, and from the purchase order."""

    variant_id: UUID | None
    quantity: int
    from_stock: int
    to_order: int


class Fulfilment(Message, frozen=True):
    """``has_stock``: every unit is reserved now. Otherwise stock.received follows for the session."""

    session_id: UUID
    has_stock: bool
    bundles: int
    lines: list[FulfilledLine]
    purchase_order_code: str | None


class ReleaseDemand(Message, frozen=True):
    """Gives back a cancelled session's reservations."""

    session_id: UUID
    reason: str


class DemandedUnits(Message, frozen=True):
    variant_id: UUID | None
    quantity: int


class LowerDemand(Message, frozen=True):
    """Lowers what a session that waits for goods asks for to these units; a variant that is not named is not asked for any
    more. What is held beyond them becomes free, and where the rest is held the session has all its goods."""

    session_id: UUID
    lines: list[DemandedUnits]


class ConsumedOrder(Message, frozen=True):
    """Units of a variant that left with an order's parcel."""

    order_id: UUID
    variant_id: UUID | None
    quantity: int


class ConsumeDemand(Message, frozen=True):
    """Takes the goods of orders that were shipped out of the stock that is held for their session; once an order."""

    session_id: UUID
    orders: list[ConsumedOrder]


class GetPurchaseOrders(Message, frozen=True):
    """Asks for purchase orders by id; unknown ids are left out of the answer."""

    purchase_order_ids: list[UUID]


class OrderedGoods(Message, frozen=True):
    """Goods on a purchase order that are still to come, in units."""

    name: str
    quantity: int
    variant_id: UUID | None = None


class PurchaseOrderBrief(Message, frozen=True):
    """A purchase order as whoever collects its goods needs it."""

    id: UUID
    code: str
    factory_id: UUID
    warehouse_id: UUID
    product_id: UUID
    status: str
    goods: list[OrderedGoods]


class PurchaseOrders(Message, frozen=True):
    purchase_orders: list[PurchaseOrderBrief]


class ShipPurchaseOrder(Message, frozen=True):
    """The goods were collected at the factory; a purchase order that is shipped or received already stays as it is."""

    purchase_order_id: UUID
    actor: UUID
    note: str


class StockLine(Message, frozen=True):
    """Units of a stock that an order wants. ``variant_id`` None: a product without variants."""

    warehouse_id: UUID
    product_id: UUID
    variant_id: UUID | None
    quantity: int


class StockOrder(Message, frozen=True):
    """What a direct order wants held until it is paid; what is not sold by ``expires_at`` is free again by itself."""

    order_id: UUID
    lines: list[StockLine]
    expires_at: datetime


class ReserveStock(Message, frozen=True):
    """Holds the stock of direct orders, each whole or not at all. An order's id is its idempotency key."""

    orders: list[StockOrder]


class StockShortage(Message, frozen=True):
    """A stock that an order found too small, in units."""

    warehouse_id: UUID
    product_id: UUID
    variant_id: UUID | None
    wanted: int
    available: int


class ReservedOrder(Message, frozen=True):
    """How an order's stock stands: held, short (nothing was held; it may ask again), released or sold."""

    order_id: UUID
    status: str
    short: list[StockShortage]


class ReservedStock(Message, frozen=True):
    """The answers in the order of the orders asked for."""

    orders: list[ReservedOrder]


class ReleaseStock(Message, frozen=True):
    """Gives back what orders hold, such as of one that was cancelled before it was paid."""

    order_ids: list[UUID]
    reason: str


class ConsumeStock(Message, frozen=True):
    """Books what orders hold as sold, once they are paid."""

    order_ids: list[UUID]


class ReturnedLine(Message, frozen=True):
    """Units that came back, sound and damaged apart."""

    warehouse_id: UUID
    product_id: UUID
    variant_id: UUID | None
    sound: int
    damaged: int = 0


class ReturnStock(Message, frozen=True):
    """Takes goods of a sold direct order back; ``return_id`` is the idempotency key."""

    return_id: UUID
    order_id: UUID
    lines: list[ReturnedLine]
    reason: str


class GetDirectStock(Message, frozen=True):
    """Asks what of some products is free to be bought at once: surplus of sessions that no session waits for."""

    product_ids: list[UUID]


class DirectStock(Message, frozen=True):
    """Free units of a variant in an active warehouse; ``clearance_percent`` is what its factory takes off the price."""

    warehouse_id: UUID
    product_id: UUID
    variant_id: UUID | None
    available: int
    clearance_percent: int


class DirectStocks(Message, frozen=True):
    """By product and variant, the fullest warehouse first."""

    items: list[DirectStock]


reserve_stock = operation("warehouse", "reserve-stock", ReserveStock, ReservedStock, timeout=15.0)
release_stock = operation("warehouse", "release-stock", ReleaseStock, Nothing, timeout=15.0)
consume_stock = operation("warehouse", "consume-stock", ConsumeStock, Nothing, timeout=15.0)
return_stock = operation("warehouse", "return-stock", ReturnStock, Nothing)
get_direct_stock = operation("warehouse", "get-direct-stock", GetDirectStock, DirectStocks)
get_warehouses = operation("warehouse", "get-warehouses", GetWarehouses, Warehouses)
get_bundle_rules = operation("warehouse", "get-bundle-rules", GetBundleRules, BundleRules)
fulfil_demand = operation("warehouse", "fulfil-demand", FulfilDemand, Fulfilment, timeout=15.0)
lower_demand = operation("warehouse", "lower-demand", LowerDemand, Nothing, timeout=15.0)
release_demand = operation("warehouse", "release-demand", ReleaseDemand, Nothing)
consume_demand = operation("warehouse", "consume-demand", ConsumeDemand, Nothing, timeout=15.0)
get_purchase_orders = operation("warehouse", "get-purchase-orders", GetPurchaseOrders, PurchaseOrders)
ship_purchase_order = operation("warehouse", "ship-purchase-order", ShipPurchaseOrder, Nothing)


class WarehouseNotFound(Problem):
    code, status, title = "warehouse_not_found", 404, "There is no such warehouse"


class InsufficientStock(Problem):
    code, status, title = "insufficient_stock", 409, "There are not that many units"


class PurchaseOrderNotFound(Problem):
    code, status, title = "purchase_order_not_found", 404, "There is no such purchase order"


class PurchaseOrderStatusRefused(Problem):
    code, status, title = "purchase_order_status_refused", 409, "The purchase order's status cannot change that way"


class ReceiptExceedsOrder(Problem):
    code, status, title = "receipt_exceeds_order", 409, "More was received than is still to come"


class LocationClosed(Problem):
    code, status, title = "location_closed", 409, "This location is not in use any more"


class InvoiceNotFound(Problem):
    code, status, title = "invoice_not_found", 404, "There is no such invoice"


class InvoiceStatusRefused(Problem):
    code, status, title = "invoice_status_refused", 409, "The invoice's status cannot change that way"


class NothingToInvoice(Problem):
    code, status, title = "nothing_to_invoice", 409, "Only a received order that brought goods is invoiced, and once"


class CountNotFound(Problem):
    code, status, title = "count_not_found", 404, "There is no such stock count"


class CountStatusRefused(Problem):
    code, status, title = "count_status_refused", 409, "The stock count's status does not allow this"


class CountNeedsAnotherPerson(Problem):
    code, status, title = "count_needs_another_person", 403, "A count that differs so much is posted by another person"


class ToleranceTooSmall(Problem):
    code, status, title = (
        "tolerance_too_small",
        400,
        "The tolerated excess must be at least the units per bundle less one",
    )


class DemandReleased(Problem):
    """A demand that arrives after its session was given up."""

    code, status, title = "demand_released", 409, "This session's stock was given back already"


class OrderStockDiffers(Problem):
    code, status, title = "order_stock_differs", 409, "This order reserved other stock before"


class OrderStockNotHeld(Problem):
    code, status, title = "order_stock_not_held", 409, "No stock is held for this order, or it was released"


class ReturnExceedsSale(Problem):
    code, status, title = "return_exceeds_sale", 409, "More would come back than was sold"


class DemandUnknown(Problem):
    code, status, title = "demand_unknown", 404, "No stock was asked for by this session"


@event("warehouse", "stock.reserved")
class StockReserved(Message, frozen=True):
    session_id: UUID
    product_id: UUID
    units: int


@event("warehouse", "stock.short")
class StockShort(Message, frozen=True):
    session_id: UUID
    product_id: UUID
    units: int
    purchase_order_code: str


@event("warehouse", "stock.received")
class StockReceived(Message, frozen=True):
    """Every unit that the session waits for is reserved now."""

    session_id: UUID
    product_id: UUID


@event("warehouse", "stock.low")
class StockLow(Message, frozen=True):
    warehouse_id: UUID
    product_id: UUID
    variant_id: UUID | None
    available: int


class PlannedUnits(Message, frozen=True):
    """Sold units of a variant, and how many of them are from stock that was there."""

    variant_id: UUID | None
    quantity: int
    from_stock: int


@event("warehouse", "demand.planned")
class DemandPlanned(Message, frozen=True):
    """How a session's goods are met: from stock first, the rest bought anew from the factory."""

    session_id: UUID
    product_id: UUID
    factory_id: UUID
    lines: list[PlannedUnits]


class SurplusUnits(Message, frozen=True):
    """Units of a variant beyond what the session needed; below zero: needed, and taken from stock after all. ``unit_cost``
    in rupiah."""

    variant_id: UUID | None
    units: int
    unit_cost: Rupiah


@event("warehouse", "po.closed")
class PurchaseOrderClosed(Message, frozen=True):
    """Everything that will come of a purchase order, and of those that made up for it, has come: what the factory is to be
    paid beside the units that its session sold. Named by the last of the orders."""

    purchase_order_id: UUID
    code: str
    factory_id: UUID
    product_name: str
    session_id: UUID | None
    surplus: list[SurplusUnits]


@event("warehouse", "po.status_changed")
class PurchaseOrderStatusChanged(Message, frozen=True):
    """A purchase order was created, confirmed, put in production, shipped, received or cancelled."""

    purchase_order_id: UUID
    code: str
    factory_id: UUID
    session_id: UUID | None
    status: str


@event("warehouse", "po.attention")
class PurchaseOrderAttention(Message, frozen=True):
    """A purchase order that people must see to. ``kind``: rejected, unanswered, undeliverable or late; ``detail`` says
    more, such as the factory's reason."""

    purchase_order_id: UUID
    code: str
    factory_id: UUID
    kind: str
    detail: str


class CancelledUnits(Message, frozen=True):
    variant_id: UUID | None
    units: int


@event("warehouse", "stock.cancelled")
class StockCancelled(Message, frozen=True):
    """Units that a session waits for and that will not be bought: whoever paid for them is to be refunded."""

    session_id: UUID
    product_id: UUID
    purchase_order_code: str
    reason: str
    lines: list[CancelledUnits]
