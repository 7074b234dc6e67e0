"""Purchase orders and their invoices: staff see all, a factory's owner the own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from msgspec import Meta

from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, Input, Page, PageLimit, PageNumber, SignedIn, get, patch, post
from patungan.kernel.identity import Audience
from patungan.services.warehouse.operations import attention, invoices, purchase_orders, short_orders
from patungan.services.warehouse.operations.exports import csv_lines
from patungan.services.warehouse.operations.invoices import EndInvoice
from patungan.services.warehouse.operations.purchase_orders import (
    PurchaseOrderDetail,
    PurchaseOrderView,
    ReceiptReply,
    Wanted,
)
from patungan.services.warehouse.operations.short_orders import CloseOrder, StockPurchase, StockPurchaseLine
from patungan.services.warehouse.queries.invoices import Invoice
from patungan.services.warehouse.routes.fields import (
    STAFF,
    STAFF_AND_OWNER,
    Note,
    Reason,
    SomeUnits,
    Units,
    aware,
    csv_download,
)
from patungan.services.warehouse.rules import Arrival, InvoiceStatus, Missing, OverDelivery, PurchaseOrderStatus

INVOICE_READERS = (*STAFF_AND_OWNER, Audience.FINANCE)


class ArrivalInput(Input, frozen=True):
    """Units that arrived of a variant; the damaged ones are not among the received."""

    received: Units
    damaged: Units = 0
    variant_id: UUID | None = None


class ReceiptInput(Input, frozen=True):
    """``over_delivery`` decides what becomes of units beyond the order; without it they are refused."""

    lines: Annotated[list[ArrivalInput], Meta(min_length=1, max_length=200)]
    over_delivery: OverDelivery | None = None


class StatusInput(Input, frozen=True):
    """``status`` is confirmed, in_production or shipped."""

    status: PurchaseOrderStatus
    note: Note = ""


class CancelInput(Input, frozen=True):
    reason: Reason


class CloseInput(Input, frozen=True):
    """``missing``: what sessions miss is ordered again, or cancelled so that their buyers are refunded."""

    missing: Missing
    reason: Reason


class ExpectedInput(Input, frozen=True):
    expected_at: datetime
    reason: Reason


class StockPurchaseLineInput(Input, frozen=True):
    """``unit_cost`` in rupiah."""

    quantity: SomeUnits
    unit_cost: Annotated[int, Meta(ge=0, le=1_000_000_000)]
    variant_id: UUID | None = None


class StockPurchaseInput(Input, frozen=True):
    warehouse_id: UUID
    product_id: UUID
    expected_at: datetime
    lines: Annotated[list[StockPurchaseLineInput], Meta(min_length=1, max_length=200)]


class PaymentInput(Input, frozen=True):
    """``reference``: what the payment is found by, such as the bank's number."""

    reference: Reason


class InvoiceList(Page, frozen=True, kw_only=True):
    items: list[Invoice]


class PurchaseOrderList(Page, frozen=True, kw_only=True):
    items: list[PurchaseOrderView]


@get("/api/warehouse/purchase-orders", audience=STAFF_AND_OWNER)
async def list_purchase_orders(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[PurchaseOrderStatus | None] = None,
    product_id: FromQuery[UUID | None] = None,
    session_id: FromQuery[UUID | None] = None,
    warehouse_id: FromQuery[UUID | None] = None,
    rejected: FromQuery[bool] = False,
    late: FromQuery[bool] = False,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> PurchaseOrderList:
    wanted = Wanted(
        status=status,
        product_id=product_id,
        session_id=session_id,
        warehouse_id=warehouse_id,
        rejected=rejected,
        late=late,
    )
    items, total = await purchase_orders.list_purchase_orders(ctx, caller, wanted, page, limit)
    return PurchaseOrderList(items=items, page=page, limit=limit, total=total)


@get("/api/warehouse/purchase-orders/{order_id:uuid}", audience=STAFF_AND_OWNER)
async def one_purchase_order(ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID]) -> PurchaseOrderDetail:
    return await purchase_orders.describe(ctx, caller, order_id)


@post("/api/warehouse/purchase-orders/{order_id:uuid}/status", audience=STAFF_AND_OWNER)
async def change_purchase_order_status(
    ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID], data: JSONBody[StatusInput]
) -> PurchaseOrderView:
    steps = (PurchaseOrderStatus.CONFIRMED, PurchaseOrderStatus.IN_PRODUCTION, PurchaseOrderStatus.SHIPPED)
    if data.status not in steps:
        raise InvalidInput("The status is one of confirmed, in_production, shipped", field="status")
    return await purchase_orders.change_status(ctx, caller, order_id, data.status, data.note.strip())


@post("/api/warehouse/purchase-orders/{order_id:uuid}/cancel", audience=STAFF)
async def cancel_purchase_order(
    ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID], data: JSONBody[CancelInput]
) -> PurchaseOrderView:
    return await purchase_orders.cancel(ctx, caller, order_id, data.reason)


@post("/api/warehouse/purchase-orders/{order_id:uuid}/receipts", audience=STAFF, status=201)
async def receive_purchase_order(
    ctx: Ctx,
    caller: SignedIn,
    order_id: FromPath[UUID],
    data: JSONBody[ReceiptInput],
    idempotency_key: IdempotencyKey,
) -> ReceiptReply:
    arrivals = [Arrival(line.variant_id, line.received, line.damaged) for line in data.lines]
    return await purchase_orders.receive(ctx, caller, order_id, arrivals, data.over_delivery, idempotency_key)


@get("/api/warehouse/purchase-orders.csv", audience=STAFF_AND_OWNER, media_type="text/csv")
async def export_purchase_orders(
    ctx: Ctx, caller: SignedIn, status: FromQuery[PurchaseOrderStatus | None] = None
) -> Stream:
    """The purchase orders that the caller may see, as a file."""

    async def read(limit: int, offset: int) -> list[PurchaseOrderView]:
        wanted = Wanted(status=status)
        return (await purchase_orders.list_purchase_orders(ctx, caller, wanted, offset // limit + 1, limit))[0]

    return csv_download("purchase-orders.csv", csv_lines(PurchaseOrderView, read))


@post("/api/warehouse/purchase-orders", audience=STAFF, status=201)
async def order_into_stock(
    ctx: Ctx, caller: SignedIn, data: JSONBody[StockPurchaseInput], idempotency_key: IdempotencyKey
) -> PurchaseOrderView:
    """Order goods for no session."""
    lines = [StockPurchaseLine(line.variant_id, line.quantity, line.unit_cost) for line in data.lines]
    request = StockPurchase(data.warehouse_id, data.product_id, aware(data.expected_at), lines)
    return await short_orders.order_into_stock(ctx, caller, request, idempotency_key)


@patch("/api/warehouse/purchase-orders/{order_id:uuid}", audience=STAFF_AND_OWNER)
async def change_expected_date(
    ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID], data: JSONBody[ExpectedInput]
) -> PurchaseOrderView:
    expected_at = aware(data.expected_at)
    return await short_orders.change_expected(ctx, caller, order_id, expected_at, data.reason)


@post("/api/warehouse/purchase-orders/{order_id:uuid}/rejection", audience=Audience.FACTORY_OWNER)
async def reject_purchase_order(
    ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID], data: JSONBody[CancelInput]
) -> PurchaseOrderView:
    """The factory does not take the order."""
    return await attention.reject_by_owner(ctx, caller, order_id, data.reason)


@post("/api/warehouse/purchase-orders/{order_id:uuid}/reminders", audience=STAFF)
async def remind_of_purchase_order(ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID]) -> PurchaseOrderView:
    """Ask the factory once more, now."""
    return await attention.ask_again(ctx, caller, order_id)


@post("/api/warehouse/purchase-orders/{order_id:uuid}/close", audience=STAFF, status=201)
async def close_purchase_order(
    ctx: Ctx,
    caller: SignedIn,
    order_id: FromPath[UUID],
    data: JSONBody[CloseInput],
    idempotency_key: IdempotencyKey,
) -> ReceiptReply:
    """End an order that will bring no more."""
    return await short_orders.close_short(ctx, caller, CloseOrder(order_id, data.missing, data.reason), idempotency_key)


@get("/api/warehouse/invoices", audience=INVOICE_READERS)
async def list_invoices(
    ctx: Ctx,
    caller: SignedIn,
    status: FromQuery[InvoiceStatus | None] = None,
    purchase_order_id: FromQuery[UUID | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> InvoiceList:
    items, total = await invoices.list_invoices(ctx, caller, status, purchase_order_id, page, limit)
    return InvoiceList(items=items, page=page, limit=limit, total=total)


@get("/api/warehouse/invoices/{invoice_id:uuid}", audience=INVOICE_READERS)
async def one_invoice(ctx: Ctx, caller: SignedIn, invoice_id: FromPath[UUID]) -> Invoice:
    return await invoices.invoice_for(ctx, caller, invoice_id)


@get("/api/warehouse/invoices/{invoice_id:uuid}/pdf", audience=INVOICE_READERS, media_type="application/pdf")
async def invoice_paper(ctx: Ctx, caller: SignedIn, invoice_id: FromPath[UUID]) -> Response[bytes]:
    invoice = await invoices.invoice_for(ctx, caller, invoice_id)
    headers = {"Content-Disposition": f'inline; filename="{invoice.code}.pdf"', "Cache-Control": "no-store"}
    return Response(await invoices.paper(invoice), media_type="application/pdf", headers=headers)


@post("/api/warehouse/purchase-orders/{order_id:uuid}/invoices", audience=STAFF, status=201)
async def invoice_again(
    ctx: Ctx, caller: SignedIn, order_id: FromPath[UUID], idempotency_key: IdempotencyKey
) -> Invoice:
    """Invoice an order anew whose invoice was cancelled."""
    return await invoices.bill_again(ctx, caller, order_id, idempotency_key)


@post("/api/warehouse/invoices/{invoice_id:uuid}/payment", audience=Audience.FINANCE)
async def pay_invoice(
    ctx: Ctx,
    caller: SignedIn,
    invoice_id: FromPath[UUID],
    data: JSONBody[PaymentInput],
    idempotency_key: IdempotencyKey,
) -> Invoice:
    """Note that an invoice was paid."""
    request = EndInvoice(invoice_id, InvoiceStatus.PAID, data.reference)
    return await invoices.end(ctx, caller, request, idempotency_key)


@post("/api/warehouse/invoices/{invoice_id:uuid}/cancel", audience=Audience.FINANCE)
async def cancel_invoice(
    ctx: Ctx, caller: SignedIn, invoice_id: FromPath[UUID], data: JSONBody[CancelInput], idempotency_key: IdempotencyKey
) -> Invoice:
    request = EndInvoice(invoice_id, InvoiceStatus.CANCELLED, data.reason)
    return await invoices.end(ctx, caller, request, idempotency_key)


routes = [
    list_purchase_orders,
    export_purchase_orders,
    order_into_stock,
    one_purchase_order,
    change_expected_date,
    change_purchase_order_status,
    reject_purchase_order,
    remind_of_purchase_order,
    cancel_purchase_order,
    receive_purchase_order,
    close_purchase_order,
    list_invoices,
    one_invoice,
    invoice_paper,
    invoice_again,
    pay_invoice,
    cancel_invoice,
]
