"""The texts of notifications in Indonesian and English, made from other services' events. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from patungan.contracts import factory, group_buying, logistics, order, payment, settlement, wallet, warehouse
from patungan.kernel.money import format_rupiah
from patungan.kernel.time import JAKARTA
from patungan.services.notification.notice import Notice, Text, shortened
from patungan.services.notification.rules import NotificationType as Type

PORTAL = "/factory"
_WITHDRAWALS = "/wallet/withdrawals"


def _session(code: str) -> str:
    return f"/sessions/{code}"


def _settlement(settlement_id: UUID) -> str:
    return f"/settlements/{settlement_id}"


def _payment(payment_id: UUID) -> str:
    return f"/payments/{payment_id}"


def payment_paid(event: payment.PaymentPaid) -> Notice:
    amount = format_rupiah(event.amount)
    return Notice(
        type=Type.PAYMENT_SUCCESS,
        indonesian=Text(
            "Pembayaran berhasil", f"Pembayaran {event.code} sebesar {amount} sudah kami terima. Terima kasih!"
        ),
        english=Text("Payment received", f"We have received your payment {event.code} of {amount}. Thank you!"),
        action_url=_payment(event.payment_id),
        related_id=event.payment_id,
    )


def payment_expired(event: payment.PaymentExpired) -> Notice:
    amount = format_rupiah(event.amount)
    return Notice(
        type=Type.PAYMENT_FAILED,
        indonesian=Text(
            "Pembayaran kedaluwarsa",
            f"Pembayaran {event.code} sebesar {amount} melewati batas waktunya, dan tempat Anda di sesi ini dilepas.",
        ),
        english=Text(
            "Payment expired",
            f"Payment {event.code} of {amount} was not made in time, and your place in the session was released.",
        ),
        action_url=_payment(event.payment_id),
        related_id=event.payment_id,
    )


def payment_late(event: payment.PaymentLatePaid) -> Notice:
    amount = format_rupiah(event.amount)
    return Notice(
        type=Type.PAYMENT_FAILED,
        indonesian=Text(
            "Pembayaran terlambat",
            f"Pembayaran {event.code} masuk setelah batas waktunya dan tidak dapat dihitung. "
            f"Uang Anda sebesar {amount} akan dikembalikan secara otomatis.",
        ),
        english=Text(
            "Payment came too late",
            f"Payment {event.code} arrived after its deadline and cannot be counted. "
            f"Your money, {amount}, goes back to you automatically.",
        ),
        action_url=_payment(event.payment_id),
        related_id=event.payment_id,
    )


def refund_requested(event: payment.RefundRequested) -> Notice:
    amount = format_rupiah(event.amount)
    return Notice(
        type=Type.REFUND_INITIATED,
        indonesian=Text(
            "Pengembalian dana diproses", f"Pengembalian dana {event.code} sebesar {amount} sedang kami proses."
        ),
        english=Text("Refund on its way", f"We are processing your refund {event.code} of {amount}."),
        action_url=_payment(event.payment_id),
        related_id=event.refund_id,
    )


def refund_completed(event: payment.RefundCompleted) -> Notice:
    amount, to_wallet = format_rupiah(event.amount), event.destination == "wallet"
    indonesian = "dompet Patungan Anda" if to_wallet else "metode pembayaran asal Anda"
    english = "your Patungan wallet" if to_wallet else "the way you paid"
    return Notice(
        type=Type.REFUND_COMPLETED,
        indonesian=Text(
            "Pengembalian dana selesai", f"Dana {event.code} sebesar {amount} sudah dikembalikan ke {indonesian}."
        ),
        english=Text("Refund completed", f"Refund {event.code} of {amount} has been returned to {english}."),
        action_url="/wallet" if to_wallet else _payment(event.payment_id),
        related_id=event.refund_id,
    )


def group_expiring(event: group_buying.ParticipantExpiring) -> Notice:
    name, ends = shortened(event.product_name), event.ends_at.astimezone(JAKARTA)
    return Notice(
        type=Type.GROUP_EXPIRING,
        indonesian=Text(
            "Sesi segera berakhir",
            f"Sesi {event.code} untuk {name} berakhir pukul {ends:%H.%M} WIB. Ajak teman agar harganya makin murah!",
        ),
        english=Text(
            "Session ends soon",
            f"Session {event.code} for {name} ends at {ends:%H:%M} WIB. Invite friends for a better price!",
        ),
        action_url=_session(event.code),
        related_id=event.participant_id,
    )


def waiting_for_stock(event: group_buying.ParticipantWaitingForStock) -> Notice:
    name = shortened(event.product_name)
    return Notice(
        type=Type.GROUP_CONFIRMED,
        indonesian=Text(
            "Sesi berhasil, menunggu barang",
            f"Sesi {event.code} untuk {name} berhasil. {event.quantity} unit Anda menunggu barang dari pabrik; "
            "pesanan dibuat begitu barang tiba.",
        ),
        english=Text(
            "Session succeeded, waiting for goods",
            f"Session {event.code} for {name} succeeded. Your order of {event.quantity} waits for goods from the "
            "factory and is made as soon as they arrive.",
        ),
        action_url=_session(event.code),
        related_id=event.participant_id,
    )


def group_confirmed(event: group_buying.ParticipantConfirmed) -> Notice:
    name, price, cashback = shortened(event.product_name), format_rupiah(event.unit_price), ""
    cashback_english = ""
    if event.cashback > 0:
        amount = format_rupiah(event.cashback)
        cashback = f" Cashback {amount} masuk ke dompet Anda."
        cashback_english = f" Cashback of {amount} goes to your wallet."
    return Notice(
        type=Type.GROUP_CONFIRMED,
        indonesian=Text(
            "Sesi berhasil!",
            f"Sesi {event.code} untuk {name} berhasil: {event.quantity} unit dengan harga {price} per unit.{cashback}",
        ),
        english=Text(
            "Session succeeded!",
            f"Session {event.code} for {name} succeeded: quantity {event.quantity} at {price} each.{cashback_english}",
        ),
        action_url=_session(event.code),
        related_id=event.participant_id,
    )


def group_failed(event: group_buying.ParticipantRefunded) -> Notice:
    name = shortened(event.product_name)
    return Notice(
        type=Type.GROUP_FAILED,
        indonesian=Text(
            "Sesi dibatalkan",
            f"Sesi {event.code} untuk {name} dibatalkan. Seluruh pembayaran Anda dikembalikan.",
        ),
        english=Text(
            "Session cancelled",
            f"Session {event.code} for {name} was cancelled. Your whole payment goes back to you.",
        ),
        action_url=_session(event.code),
        related_id=event.participant_id,
    )


def cashback_credited(event: wallet.WalletCredited, event_id: UUID) -> Notice:
    amount, balance = format_rupiah(event.amount), format_rupiah(event.balance)
    return Notice(
        type=Type.CASHBACK_CREDITED,
        indonesian=Text(
            "Cashback masuk", f"Cashback {amount} dari {event.reference} masuk ke dompet Anda. Saldo Anda {balance}."
        ),
        english=Text(
            "Cashback received", f"Cashback of {amount} from {event.reference} is in your wallet. Balance: {balance}."
        ),
        action_url="/wallet",
        # The event names no id of its own of the credit.
        related_id=event_id,
    )


def withdrawal_requested(event: wallet.WithdrawalRequested) -> Notice:
    amount, net = format_rupiah(event.amount), format_rupiah(event.net_amount)
    account = f"{event.bank_code} ****{event.account_last4}"
    return Notice(
        type=Type.WITHDRAWAL_REQUESTED,
        indonesian=Text(
            "Penarikan diterima",
            f"Penarikan {event.code} sebesar {amount} kami terima; {net} akan dikirim ke {account}.",
        ),
        english=Text(
            "Withdrawal requested",
            f"We have received your withdrawal {event.code} of {amount}; {net} will be sent to {account}.",
        ),
        action_url=_WITHDRAWALS,
        related_id=event.withdrawal_id,
    )


def withdrawal_completed(event: wallet.WithdrawalCompleted) -> Notice:
    net, account = format_rupiah(event.net_amount), f"{event.bank_code} ****{event.account_last4}"
    return Notice(
        type=Type.WITHDRAWAL_COMPLETED,
        indonesian=Text("Penarikan selesai", f"Penarikan {event.code}: {net} sudah dikirim ke {account}."),
        english=Text("Withdrawal completed", f"Withdrawal {event.code}: {net} was sent to {account}."),
        action_url=_WITHDRAWALS,
        related_id=event.withdrawal_id,
    )


def withdrawal_failed(event: wallet.WithdrawalFailed) -> Notice:
    amount, account = format_rupiah(event.amount), f"{event.bank_code} ****{event.account_last4}"
    return Notice(
        type=Type.WITHDRAWAL_FAILED,
        indonesian=Text(
            "Penarikan gagal",
            f"Penarikan {event.code} ke {account} tidak berhasil. {amount} sudah kembali ke dompet Anda; "
            "periksa rekeningnya, lalu coba lagi.",
        ),
        english=Text(
            "Withdrawal failed",
            f"Withdrawal {event.code} to {account} did not succeed. {amount} is back in your wallet; "
            "please check the account and try again.",
        ),
        action_url=_WITHDRAWALS,
        related_id=event.withdrawal_id,
    )


_PAYEES = {"factory": ("pabrik", "factory"), "seller": ("toko", "store"), "office": ("kantor", "office")}
"""What a payee is called, in both languages."""


def settlement_scheduled(event: settlement.SettlementScheduled) -> Notice:
    amount, day = format_rupiah(event.amount), f"{event.pay_on:%d.%m.%Y}"
    return Notice(
        type=Type.SETTLEMENT_SCHEDULED,
        indonesian=Text("Penyelesaian dijadwalkan", f"Penyelesaian {event.code} sebesar {amount} dibayar {day}."),
        english=Text("Settlement scheduled", f"Settlement {event.code} of {amount} is paid on {day}."),
        action_url=_settlement(event.settlement_id),
        related_id=event.settlement_id,
    )


def settlement_paid(event: settlement.SettlementPaid) -> Notice:
    amount, account = format_rupiah(event.amount), f"{event.bank_code} ****{event.account_last4}"
    return Notice(
        type=Type.SETTLEMENT_PAID,
        indonesian=Text(
            "Penyelesaian dibayar", f"Penyelesaian {event.code} sebesar {amount} sudah dikirim ke {account}."
        ),
        english=Text("Settlement paid", f"Settlement {event.code} of {amount} was sent to {account}."),
        action_url=_settlement(event.settlement_id),
        related_id=event.settlement_id,
    )


def settlement_failed(event: settlement.SettlementFailed) -> Notice:
    amount, payee = format_rupiah(event.amount), _PAYEES[event.payee_kind]
    return Notice(
        type=Type.SETTLEMENT_FAILED,
        indonesian=Text(
            "Pembayaran penyelesaian gagal",
            f"Penyelesaian {event.code} sebesar {amount} tidak sampai di rekening Anda. Periksa rekening {payee[0]}; "
            "kami akan mengirimnya lagi.",
        ),
        english=Text(
            "Settlement not paid",
            f"Settlement {event.code} of {amount} did not reach your account. Please check the {payee[1]}'s account; "
            "we will send it again.",
        ),
        action_url=_settlement(event.settlement_id),
        related_id=event.settlement_id,
    )


def settlement_on_hold(event: settlement.SettlementOnHold) -> Notice:
    amount, payee = format_rupiah(event.amount), _PAYEES[event.payee_kind]
    why = (event.reason, event.reason)
    if event.reason == "missing_bank_account":
        why = (f"rekening bank {payee[0]} belum ada", f"the {payee[1]} has no bank account yet")
    return Notice(
        type=Type.SETTLEMENT_ON_HOLD,
        indonesian=Text("Penyelesaian ditahan", f"Penyelesaian {event.code} sebesar {amount} ditahan: {why[0]}."),
        english=Text("Settlement on hold", f"Settlement {event.code} of {amount} is on hold: {why[1]}."),
        action_url=_settlement(event.settlement_id),
        related_id=event.settlement_id,
    )


def order_created(event: order.OrderCreated) -> Notice:
    name, total = shortened(event.product_name), format_rupiah(event.total)
    return Notice(
        type=Type.ORDER_CREATED,
        indonesian=Text(
            "Pesanan dibuat", f"Pesanan {event.number}: {event.quantity} × {name}, total {total}, sudah dibuat."
        ),
        english=Text(
            "Order created", f"Your order {event.number} of {event.quantity} × {name}, {total} in total, is created."
        ),
        action_url=f"/orders/{event.number}",
        related_id=event.order_id,
    )


class _OrderNews(msgspec.Struct, frozen=True):
    type: Type
    indonesian: Text
    english: Text


_ORDER_NEWS: Mapping[str, _OrderNews] = {
    "ready_for_pickup": _OrderNews(
        Type.READY_FOR_PICKUP,
        Text("Pesanan siap dijemput kurir", "Pesanan {} sudah dikemas dan siap dijemput kurir."),
        Text("Order ready for the courier", "Order {} is packed and ready for the courier to collect."),
    ),
    "picked_up": _OrderNews(
        Type.PICKED_UP,
        Text("Pesanan dijemput kurir", "Pesanan {} sudah dijemput kurir."),
        Text("Order collected", "Order {} was collected by the courier."),
    ),
    "in_transit": _OrderNews(
        Type.SHIPPED,
        Text("Pesanan dalam perjalanan", "Pesanan {} sedang dalam perjalanan ke alamat Anda."),
        Text("Order shipped", "Order {} is on its way to your address."),
    ),
    "delivered": _OrderNews(
        Type.DELIVERED,
        Text("Pesanan tiba", "Pesanan {} sudah tiba. Selamat menikmati!"),
        Text("Order delivered", "Order {} was delivered. Enjoy!"),
    ),
    "cancelled": _OrderNews(
        Type.ORDER_CANCELLED,
        Text("Pesanan dibatalkan", "Pesanan {} dibatalkan."),
        Text("Order cancelled", "Order {} was cancelled."),
    ),
}


def order_moved(event: order.OrderStatusChanged) -> Notice | None:
    """None for moves that have no notification of their own, such as paid and refunded: the payment's tells of those."""
    news = _ORDER_NEWS.get(event.status)
    if news is None:
        return None
    return Notice(
        type=news.type,
        indonesian=_filled(news.indonesian, event.number),
        english=_filled(news.english, event.number),
        action_url=f"/orders/{event.number}",
        related_id=event.order_id,
    )


def parcel_moved(event: logistics.ShipmentStatusChanged) -> Notice | None:
    """A parcel at the door; of its other moves the order's notifications tell, and leg one has no buyer."""
    if event.status != "out_for_delivery" or event.order_id is None:
        return None
    return Notice(
        type=Type.OUT_FOR_DELIVERY,
        indonesian=Text(
            "Pesanan sedang diantar",
            f"Kurir {event.courier.upper()} sedang mengantar pesanan {event.order_number} ke alamat Anda hari ini. "
            f"Nomor resi: {event.waybill}.",
        ),
        english=Text(
            "Out for delivery",
            f"{event.courier.upper()} is bringing your order {event.order_number} today. Waybill: {event.waybill}.",
        ),
        action_url=f"/orders/{event.order_number}",
        related_id=event.order_id,
    )


def _filled(text: Text, *values: str) -> Text:
    return Text(text.title, text.message.format(*values))


def factory_verified(event: factory.FactoryVerified) -> Notice:
    name = shortened(event.name)
    return Notice(
        type=Type.FACTORY_VERIFIED,
        indonesian=Text("Pabrik terverifikasi", f"Dokumen {name} sudah diperiksa dan disetujui."),
        english=Text("Factory verified", f"The documents of {name} were checked and approved."),
        action_url=PORTAL,
        related_id=event.factory_id,
    )


_FACTORY_NEWS: Mapping[str, tuple[Text, Text]] = {
    "active": (
        Text("Pabrik aktif", "{} sekarang aktif dan dapat membuka sesi."),
        Text("Factory active", "{} is active now and may open sessions."),
    ),
    "inactive": (
        Text("Pabrik nonaktif", "{} sekarang nonaktif dan tidak dapat membuka sesi baru."),
        Text("Factory inactive", "{} is inactive now and cannot open new sessions."),
    ),
    "suspended": (
        Text("Pabrik ditangguhkan", "{} ditangguhkan. Hubungi kami untuk penjelasan."),
        Text("Factory suspended", "{} was suspended. Please contact us about it."),
    ),
    "pending": (
        Text("Pabrik menunggu persetujuan", "{} menunggu persetujuan kami."),
        Text("Factory awaits approval", "{} awaits our approval."),
    ),
}


def factory_moved(event: factory.FactoryStatusChanged) -> Notice | None:
    """None for a status that this version does not know."""
    news = _FACTORY_NEWS.get(event.status)
    if news is None:
        return None
    name = shortened(event.name)
    return Notice(
        type=Type.FACTORY_STATUS_CHANGED,
        indonesian=_filled(news[0], name),
        english=_filled(news[1], name),
        action_url=PORTAL,
        related_id=event.factory_id,
    )


def session_opened(event: group_buying.SessionOpened) -> Notice:
    name = shortened(event.product_name)
    return Notice(
        type=Type.SESSION_OPENED,
        indonesian=Text("Sesi dibuka", f"Sesi {event.code} untuk {name} sudah dibuka bagi pembeli."),
        english=Text("Session opened", f"Session {event.code} for {name} is open to buyers."),
        action_url=_session(event.code),
        related_id=event.session_id,
    )


def moq_reached(event: group_buying.SessionMoqReached) -> Notice:
    name = shortened(event.product_name)
    return Notice(
        type=Type.MOQ_REACHED,
        indonesian=Text(
            "Target sesi tercapai", f"Sesi {event.code} untuk {name} mencapai targetnya: {event.paid_quantity} unit."
        ),
        english=Text(
            "Session reached its target", f"Session {event.code} for {name} reached its target: {event.paid_quantity}."
        ),
        action_url=_session(event.code),
        related_id=event.session_id,
    )


_PURCHASE_ORDER_NEWS: Mapping[str, _OrderNews] = {
    "pending": _OrderNews(
        Type.PURCHASE_ORDER_CHANGED,
        Text("Pesanan pembelian baru", "Pesanan pembelian {} menunggu konfirmasi Anda."),
        Text("New purchase order", "Purchase order {} waits for your confirmation."),
    ),
    "confirmed": _OrderNews(
        Type.PURCHASE_ORDER_CHANGED,
        Text("Pesanan pembelian dikonfirmasi", "Pesanan pembelian {} sudah dikonfirmasi."),
        Text("Purchase order confirmed", "Purchase order {} is confirmed."),
    ),
    "in_production": _OrderNews(
        Type.PRODUCTION_STARTED,
        Text("Produksi dimulai", "Produksi untuk pesanan pembelian {} sudah dimulai."),
        Text("Production started", "Production for purchase order {} has started."),
    ),
    "shipped": _OrderNews(
        Type.PRODUCTION_COMPLETED,
        Text("Produksi selesai", "Barang untuk pesanan pembelian {} sudah selesai dan dikirim ke gudang."),
        Text("Production completed", "The goods of purchase order {} are made and on their way to the warehouse."),
    ),
    "received": _OrderNews(
        Type.PURCHASE_ORDER_CHANGED,
        Text("Barang diterima gudang", "Barang pesanan pembelian {} sudah diterima gudang."),
        Text("Goods received", "The goods of purchase order {} were received by the warehouse."),
    ),
    "cancelled": _OrderNews(
        Type.PURCHASE_ORDER_CHANGED,
        Text("Pesanan pembelian dibatalkan", "Pesanan pembelian {} dibatalkan."),
        Text("Purchase order cancelled", "Purchase order {} was cancelled."),
    ),
}


def purchase_order_moved(event: warehouse.PurchaseOrderStatusChanged) -> Notice | None:
    """None for a status that this version does not know."""
    news = _PURCHASE_ORDER_NEWS.get(event.status)
    if news is None:
        return None
    return Notice(
        type=news.type,
        indonesian=_filled(news.indonesian, event.code),
        english=_filled(news.english, event.code),
        action_url=PORTAL,
        related_id=event.purchase_order_id,
    )
