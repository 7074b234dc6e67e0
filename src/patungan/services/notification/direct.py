"""The texts about direct orders, complaints and stores, in Indonesian and English. No I/O."""

from __future__ import annotations

from collections.abc import Mapping

from patungan.contracts import order, payment, seller
from patungan.kernel.money import format_rupiah
from patungan.services.notification.notice import Notice, Text, shortened
from patungan.services.notification.rules import NotificationType as Type

_STORE = "/orders"


def order_payment_paid(event: payment.OrderPaymentPaid) -> Notice:
    amount = format_rupiah(event.amount)
    return Notice(
        type=Type.PAYMENT_SUCCESS,
        indonesian=Text(
            "Pembayaran berhasil", f"Pembayaran {event.code} sebesar {amount} sudah kami terima. Terima kasih!"
        ),
        english=Text("Payment received", f"We have received your payment {event.code} of {amount}. Thank you!"),
        action_url=f"/payments/{event.payment_id}",
        related_id=event.payment_id,
    )


def order_payment_expired(event: payment.OrderPaymentExpired) -> Notice:
    amount = format_rupiah(event.amount)
    return Notice(
        type=Type.PAYMENT_FAILED,
        indonesian=Text(
            "Pembayaran kedaluwarsa",
            f"Pembayaran {event.code} sebesar {amount} melewati batas waktunya, dan pesanannya dibatalkan.",
        ),
        english=Text(
            "Payment expired",
            f"Payment {event.code} of {amount} was not made in time, and its orders were cancelled.",
        ),
        action_url=f"/payments/{event.payment_id}",
        related_id=event.payment_id,
    )


def order_refund_requested(event: payment.OrderRefundRequested) -> Notice:
    amount = format_rupiah(event.amount)
    return Notice(
        type=Type.REFUND_INITIATED,
        indonesian=Text(
            "Pengembalian dana diproses", f"Pengembalian dana {event.code} sebesar {amount} sedang kami proses."
        ),
        english=Text("Refund on its way", f"We are processing your refund {event.code} of {amount}."),
        action_url=f"/payments/{event.payment_id}",
        related_id=event.refund_id,
    )


def order_refund_completed(event: payment.OrderRefundCompleted) -> Notice:
    amount, to_wallet = format_rupiah(event.amount), event.destination == "wallet"
    indonesian = "dompet Patungan Anda" if to_wallet else "metode pembayaran asal Anda"
    english = "your Patungan wallet" if to_wallet else "the way you paid"
    return Notice(
        type=Type.REFUND_COMPLETED,
        indonesian=Text(
            "Pengembalian dana selesai", f"Dana {event.code} sebesar {amount} sudah dikembalikan ke {indonesian}."
        ),
        english=Text("Refund completed", f"Refund {event.code} of {amount} has been returned to {english}."),
        action_url="/wallet" if to_wallet else f"/payments/{event.payment_id}",
        related_id=event.refund_id,
    )


def complaint_opened(event: order.OrderComplaintOpened) -> Notice:
    return Notice(
        type=Type.COMPLAINT_CHANGED,
        indonesian=Text("Keluhan diterima", f"Keluhan Anda tentang pesanan {event.number} kami terima dan periksa."),
        english=Text("Complaint received", f"We have your complaint about order {event.number} and look into it."),
        action_url=f"/orders/{event.number}",
        related_id=event.complaint_id,
    )


def complaint_closed(event: order.OrderComplaintClosed) -> Notice | None:
    """None for a complaint that its buyer withdrew."""
    if event.outcome == "withdrawn":
        return None
    refund = format_rupiah(event.refund)
    accepted = event.outcome == "accepted"
    return Notice(
        type=Type.COMPLAINT_CHANGED,
        indonesian=Text(
            "Keluhan diputuskan",
            f"Keluhan tentang pesanan {event.number} kami terima; {refund} dikembalikan kepada Anda."
            if accepted
            else f"Keluhan tentang pesanan {event.number} tidak dapat kami terima. Alasannya ada di halaman pesanan.",
        ),
        english=Text(
            "Complaint decided",
            f"Your complaint about order {event.number} is accepted; {refund} goes back to you."
            if accepted
            else f"We cannot accept your complaint about order {event.number}. The order's page says why.",
        ),
        action_url=f"/orders/{event.number}",
        related_id=event.complaint_id,
    )


def seller_verified(event: seller.SellerVerified) -> Notice:
    name = shortened(event.name)
    return Notice(
        type=Type.SELLER_STATUS_CHANGED,
        indonesian=Text("Toko terverifikasi", f"Dokumen {name} sudah diperiksa dan disetujui."),
        english=Text("Store verified", f"The documents of {name} were checked and approved."),
        action_url=_STORE,
        related_id=event.seller_id,
    )


def seller_rejected(event: seller.SellerRejected) -> Notice:
    name, reason = shortened(event.name), event.reason[:200]
    return Notice(
        type=Type.SELLER_STATUS_CHANGED,
        indonesian=Text("Dokumen toko ditolak", f"Dokumen {name} belum dapat disetujui: {reason}"),
        english=Text("Store's documents rejected", f"The documents of {name} were not approved: {reason}"),
        action_url=_STORE,
        related_id=event.seller_id,
    )


_STATUS: Mapping[str, tuple[Text, Text]] = {
    "active": (
        Text("Toko aktif", "{} sekarang aktif dan dapat berjualan."),
        Text("Store active", "{} is active now and may sell."),
    ),
    "inactive": (
        Text("Toko nonaktif", "{} sekarang nonaktif dan tidak menerima pesanan baru."),
        Text("Store inactive", "{} is inactive now and takes no new orders."),
    ),
    "suspended": (
        Text("Toko ditangguhkan", "{} ditangguhkan. Hubungi kami untuk penjelasan."),
        Text("Store suspended", "{} was suspended. Please contact us about it."),
    ),
    "pending": (
        Text("Toko menunggu persetujuan", "{} menunggu persetujuan kami."),
        Text("Store awaits approval", "{} awaits our approval."),
    ),
}


def seller_moved(event: seller.SellerStatusChanged) -> Notice | None:
    """None for a status that this version does not know."""
    news = _STATUS.get(event.status)
    if news is None:
        return None
    name = shortened(event.name)
    return Notice(
        type=Type.SELLER_STATUS_CHANGED,
        indonesian=Text(news[0].title, news[0].message.format(name)),
        english=Text(news[1].title, news[1].message.format(name)),
        action_url=_STORE,
        related_id=event.seller_id,
    )


def seller_stock_low(event: seller.SellerStockLow) -> Notice:
    name = shortened(event.product_name)
    return Notice(
        type=Type.STOCK_LOW,
        indonesian=Text("Stok menipis", f"Stok {name} di toko Anda tinggal {event.available} unit."),
        english=Text("Stock is low", f"Your store has {event.available} left of {name}."),
        action_url=_STORE,
        related_id=event.product_id,
    )


def seller_order(event: seller.SellerOrderReceived) -> Notice:
    return Notice(
        type=Type.SELLER_ORDER_RECEIVED,
        indonesian=Text(
            "Pesanan baru untuk toko Anda",
            f"Pesanan {event.order_number} sudah dibayar: {event.units} unit menunggu dikemas.",
        ),
        english=Text(
            "New order for your store", f"Order {event.order_number} is paid: {event.units} to be packed and sent."
        ),
        action_url=_STORE,
        related_id=event.order_id,
    )
