"""What the states that services report are called, in Indonesian and in English."""

from __future__ import annotations

STATES: dict[str, tuple[str, str]] = {
    "session.state.upcoming": ("Segera", "Coming up"),
    "session.state.forming": ("Berjalan", "Open"),
    "session.state.moq_reached": ("Target tercapai", "Target reached"),
    "session.state.pending_stock": ("Diproduksi", "In production"),
    "session.state.stock_received": ("Barang di gudang", "Goods in the warehouse"),
    "session.state.success": ("Berhasil", "Succeeded"),
    "session.state.orders_created": ("Pesanan dibuat", "Orders made"),
    "session.state.failed": ("Tidak tercapai", "Not reached"),
    "session.state.cancelled": ("Dibatalkan", "Cancelled"),
    "step.state.draw_up": ("Disusun", "Drawn up"),
    "step.state.open": ("Dibuka", "Opened"),
    "step.state.publish": ("Diterbitkan", "Published"),
    "step.state.start": ("Dimulai", "Started"),
    "step.state.change": ("Ketentuan diubah", "Terms changed"),
    "step.state.guarantee": ("Jaminan Patungan diperbarui", "Patungan's guarantee updated"),
    "step.state.reach_moq": ("Target tercapai", "Target reached"),
    "step.state.end_early": ("Diakhiri lebih awal", "Ended early"),
    "step.state.claim": ("Penutupan dimulai", "Closing began"),
    "step.state.await_stock": ("Barang dipesan ke pabrik", "Goods ordered from the factory"),
    "step.state.start_production": ("Produksi dimulai", "Production started"),
    "step.state.complete_production": ("Produksi selesai", "Production completed"),
    "step.state.receive_stock": ("Barang di gudang", "Goods in the warehouse"),
    "step.state.succeed": ("Berhasil", "Succeeded"),
    "step.state.create_orders": ("Pesanan dibuat", "Orders made"),
    "step.state.fail": ("Tidak tercapai", "Not reached"),
    "step.state.cancel": ("Dibatalkan", "Cancelled"),
    "step.state.renew": ("Dilanjutkan sesi besok", "Continued by the next day's session"),
    "actor.state.platform": ("Patungan", "Patungan"),
    "actor.state.factory": ("pabrik", "the factory"),
    "actor.state.admin": ("pengelola", "an administrator"),
    "participant.state.held": ("Menunggu pembayaran", "Waiting for payment"),
    "participant.state.paid": ("Sudah dibayar", "Paid"),
    "participant.state.released": ("Dilepas", "Released"),
    "participant.state.settled": ("Menjadi pesanan", "Turned into an order"),
    "participant.state.refunded": ("Dana dikembalikan", "Refunded"),
    "payment.state.pending": ("Menunggu pembayaran", "Waiting for payment"),
    "payment.state.processing": ("Diproses", "Being processed"),
    "payment.state.paid": ("Lunas", "Paid"),
    "payment.state.failed": ("Gagal", "Failed"),
    "payment.state.expired": ("Kedaluwarsa", "Expired"),
    "payment.state.refunded": ("Dikembalikan", "Refunded"),
    "order.state.pending_payment": ("Menunggu pembayaran", "Waiting for payment"),
    "order.state.paid": ("Dibayar", "Paid"),
    "order.state.processing": ("Disiapkan", "Being prepared"),
    "order.state.ready_for_pickup": ("Siap diambil kurir", "Ready for the courier"),
    "order.state.picked_up": ("Diambil kurir", "With the courier"),
    "order.state.in_transit": ("Dalam perjalanan", "On its way"),
    "order.state.delivered": ("Sampai", "Delivered"),
    "order.state.cancelled": ("Dibatalkan", "Cancelled"),
    "order.state.refunded": ("Dana dikembalikan", "Refunded"),
    "order.state.failed": ("Gagal dikirim", "Delivery failed"),
    "wallet.state.cashback": ("Selisih harga", "Price difference"),
    "wallet.state.refund": ("Pengembalian dana", "Refund"),
    "wallet.state.deposit": ("Isi saldo", "Deposit"),
    "wallet.state.withdrawal": ("Penarikan", "Withdrawal"),
    "wallet.state.adjustment": ("Penyesuaian", "Adjustment"),
    "wallet.state.payment": ("Pembayaran", "Payment"),
    "withdrawal.state.pending": ("Menunggu dikirim", "Waiting to be sent"),
    "withdrawal.state.processing": ("Dikirim ke bank", "On its way to the bank"),
    "withdrawal.state.completed": ("Selesai", "Completed"),
    "withdrawal.state.failed": ("Gagal", "Failed"),
    "withdrawal.state.cancelled": ("Dibatalkan", "Cancelled"),
    "settlement.state.pending": ("Menunggu persetujuan", "Waiting for approval"),
    "settlement.state.on_hold": ("Ditahan", "On hold"),
    "settlement.state.scheduled": ("Dijadwalkan", "Scheduled"),
    "settlement.state.processing": ("Dikirim ke bank", "On its way to the bank"),
    "settlement.state.completed": ("Selesai", "Completed"),
    "settlement.state.failed": ("Gagal", "Failed"),
    "settlement.state.cancelled": ("Dibatalkan", "Cancelled"),
}

GOOD = frozenset(
    {
        "moq_reached",
        "success",
        "orders_created",
        "paid",
        "settled",
        "delivered",
        "stock_received",
        "cashback",
        "completed",
    }
)
BAD = frozenset({"failed", "cancelled", "expired", "released"})
WAITING = frozenset(
    {"held", "pending", "processing", "pending_payment", "pending_stock", "upcoming", "on_hold", "scheduled"}
)


def mood(state: str) -> str:
    """The look of a state: good, bad, waiting or plain."""
    if state in GOOD:
        return "good"
    if state in BAD:
        return "bad"
    return "waiting" if state in WAITING else "plain"
