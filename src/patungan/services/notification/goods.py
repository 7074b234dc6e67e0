"""What warehouse staff and owners are told about stock and purchase orders. No I/O."""

from __future__ import annotations

from patungan.contracts import warehouse
from patungan.services.notification.notice import LONGEST_MESSAGE, Notice, Text
from patungan.services.notification.rules import NotificationType

CONSOLE = "/console"

_KINDS = {
    "rejected": ("ditolak pabrik", "was rejected by its factory"),
    "unanswered": ("tidak dijawab pabrik", "is not answered by its factory"),
    "undeliverable": ("tidak dapat dikirim ke pabrik", "could not be sent to its factory"),
    "late": ("terlambat lebih dari seminggu", "is more than a week late"),
}


def stock_low(event: warehouse.StockLow) -> Notice:
    return Notice(
        type=NotificationType.STOCK_LOW,
        indonesian=Text("Stok menipis", f"Tersisa {event.available} unit di gudang."),
        english=Text("Low stock", f"{event.available} units are left in the warehouse."),
        action_url=CONSOLE,
        related_id=event.product_id,
    )


def attention(event: warehouse.PurchaseOrderAttention) -> Notice | None:
    """None for a kind that this version does not know."""
    words = _KINDS.get(event.kind)
    if words is None:
        return None
    return Notice(
        type=NotificationType.PURCHASE_ORDER_ATTENTION,
        indonesian=Text(
            "Pesanan pembelian perlu perhatian",
            f"Pesanan pembelian {event.code} {words[0]}: {event.detail}"[:LONGEST_MESSAGE],
        ),
        english=Text(
            "A purchase order needs attention",
            f"Purchase order {event.code} {words[1]}: {event.detail}"[:LONGEST_MESSAGE],
        ),
        action_url=CONSOLE,
        related_id=event.purchase_order_id,
    )


def stock_cancelled(event: warehouse.StockCancelled) -> Notice:
    units = sum(line.units for line in event.lines)
    return Notice(
        type=NotificationType.STOCK_CANCELLED,
        indonesian=Text(
            "Barang sesi tidak akan datang",
            f"{units} unit dari {event.purchase_order_code} dibatalkan; pembeli yang tidak kebagian dikembalikan dananya."[
                :LONGEST_MESSAGE
            ],
        ),
        english=Text(
            "Goods of a session will not come",
            f"{units} units of {event.purchase_order_code} were cancelled; the buyers who go without are refunded.",
        ),
        action_url=CONSOLE,
        related_id=event.session_id,
    )
