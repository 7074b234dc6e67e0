"""What each error code means to a buyer, in Indonesian and in English."""

from __future__ import annotations

PROBLEMS: dict[str, tuple[str, str]] = {
    "account_closed": ("Akun ini tidak dapat digunakan.", "This account cannot sign in."),
    "account_number_invalid": (
        "Nomor itu bukan nomor rekening bank tersebut.",
        "That cannot be an account of that bank.",
    ),
    "bank_account_not_found": ("Rekening itu tidak ada.", "There is no such bank account."),
    "too_many_bank_accounts": (
        "Rekening tersimpan sudah penuh. Hapus satu dulu.",
        "No more accounts can be saved. Delete one first.",
    ),
    "withdrawal_limit_reached": (
        "Batas penarikan hari ini tercapai. Coba lagi besok.",
        "Today's limit is reached. Try again tomorrow.",
    ),
    "withdrawal_not_found": ("Penarikan itu tidak ada.", "There is no such withdrawal."),
    "withdrawal_not_pending": (
        "Penarikan ini sudah dikirim atau selesai.",
        "This withdrawal is on its way or has ended.",
    ),
    "withdrawal_too_small": ("Jumlahnya di bawah batas penarikan.", "The amount is below the smallest withdrawal."),
    "address_not_found": ("Alamat itu tidak ada.", "There is no such address."),
    "already_paid": (
        "Keikutsertaan ini sudah dibayar dan tidak dapat dibatalkan.",
        "This is paid already and cannot be left.",
    ),
    "own_review": ("Itu ulasan Anda sendiri.", "That is your own review."),
    "already_reviewed": ("Anda sudah mengulas ini.", "You have reviewed this already."),
    "buyer_limit_reached": (
        "Jumlah itu melebihi batas per pembeli pada sesi ini.",
        "That is more than one buyer may take in this session.",
    ),
    "conflict": ("Keadaannya sudah berubah. Muat ulang halaman.", "Things have changed. Reload the page."),
    "courier_service_unknown": (
        "Kurir itu tidak melayani alamat ini. Pilih kurir lain.",
        "That courier does not deliver there. Choose another.",
    ),
    "credentials_invalid": ("Nomor HP atau kata sandi salah.", "The number or the password is not right."),
    "factory_not_active": ("Pabrik ini sedang tidak aktif.", "This factory is not active at the moment."),
    "forbidden": ("Ini bukan untuk akun Anda.", "This is not open to your account."),
    "idempotency_key_reused": (
        "Permintaan ini sudah dikirim dengan isi lain. Muat ulang halaman.",
        "This was sent already with other contents. Reload the page.",
    ),
    "image_refused": (
        "Foto itu tidak dapat dipakai. Kirim JPEG, PNG atau WebP.",
        "That photo cannot be used. Send a JPEG, PNG or WebP.",
    ),
    "insufficient_balance": ("Saldo dompet tidak cukup.", "The wallet does not hold that much."),
    "insufficient_stock": ("Stok tidak cukup.", "There is not enough stock."),
    "internal_error": (
        "Ada yang salah di pihak kami. Silakan coba lagi.",
        "Something went wrong on our side. Please try again.",
    ),
    "invalid_input": ("Ada isian yang tidak sesuai.", "Something in the input is not right."),
    "message_undeliverable": ("Pesan tidak dapat dikirim ke nomor ini.", "No message can be sent to this number."),
    "not_found": ("Tidak ditemukan.", "Not found."),
    "only_address": ("Satu-satunya alamat tidak dapat dihapus.", "The only address cannot be deleted."),
    "order_not_found": ("Pesanan itu tidak ada.", "There is no such order."),
    "otp_expired": ("Kode sudah tidak berlaku. Minta kode baru.", "The code is no longer valid. Ask for a new one."),
    "otp_invalid": ("Kode salah.", "The code is not right."),
    "otp_too_soon": (
        "Kode baru saja dikirim. Tunggu semenit sebelum meminta lagi.",
        "A code was sent a moment ago. Wait a minute before asking again.",
    ),
    "participant_not_found": ("Keikutsertaan itu tidak ada.", "There is no such reservation."),
    "password_too_weak": ("Kata sandi 8 sampai 72 karakter.", "A password has 8 to 72 characters."),
    "payment_closed": ("Pembayaran ini sudah ditutup.", "This payment can no longer be made."),
    "wallet_part_fixed": (
        "Bagian dari dompet tidak bisa diubah lagi.",
        "The wallet's part can no longer be changed.",
    ),
    "not_paid": ("Bukti hanya ada untuk yang sudah dibayar.", "There is a receipt only for what is paid."),
    "refund_not_possible": ("Itu tidak bisa dikembalikan.", "That cannot be refunded."),
    "payment_not_found": ("Pembayaran itu tidak ada.", "There is no such payment."),
    "phone_invalid": ("Ini bukan nomor HP Indonesia.", "This is not an Indonesian mobile number."),
    "phone_taken": ("Nomor ini sudah terdaftar. Silakan masuk.", "This number has an account. Please sign in."),
    "postal_code_unknown": (
        "Kode pos tidak cocok dengan daerahnya.",
        "The postal code does not fit the place.",
    ),
    "quantity_refused": (
        "Jumlah itu tidak dapat dipesan sekarang. Kurangi, atau coba lagi nanti.",
        "That many units cannot be reserved now. Take fewer, or try again later.",
    ),
    "rate_limited": ("Terlalu banyak permintaan. Tunggu sebentar.", "Too many requests. Wait a moment."),
    "refresh_token_invalid": ("Silakan masuk lagi.", "Please sign in again."),
    "remote_call_failed": (
        "Layanan belum menjawab. Coba lagi sebentar lagi.",
        "A service did not answer in time. Try again shortly.",
    ),
    "service_unavailable": (
        "Layanan sedang tidak dapat dihubungi. Tidak ada yang berubah; coba lagi sebentar lagi.",
        "The service is not available right now. Nothing has changed; try again shortly.",
    ),
    "reservation_lapsed": (
        "Reservasi ini sudah berakhir. Silakan ikut lagi.",
        "This reservation has lapsed. Please join again.",
    ),
    "session_ended": ("Sesi ini sudah berakhir.", "This session has ended."),
    "session_not_found": ("Sesi itu tidak ada.", "There is no such session."),
    "session_not_open": ("Sesi ini tidak menerima peserta baru.", "This session takes no joins now."),
    "session_not_started": ("Sesi ini belum dimulai.", "This session has not started yet."),
    "token_expired": ("Silakan masuk lagi.", "Please sign in again."),
    "too_many_holds": (
        "Bayar atau batalkan dulu keikutsertaan Anda yang belum dibayar di sesi ini.",
        "Pay or leave your unpaid reservations in this session first.",
    ),
    "unauthenticated": ("Silakan masuk dulu.", "Sign in first."),
    "variant_not_found": ("Varian itu tidak ada.", "There is no such variant."),
    "variant_required": ("Pilih varian dulu.", "Choose a variant first."),
}
"""Codes that only factories, staff or programs meet are not here; their English title is shown."""
