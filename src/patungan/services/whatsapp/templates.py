"""The message templates, as they are registered with WhatsApp: name, languages, category and text with numbered places.

WhatsApp sends only what it has approved, so each template stands here word for word as it was handed in there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

Language = Literal["id", "en"]
Category = Literal["AUTHENTICATION", "UTILITY", "SERVICE"]
"""SERVICE is ours: a free text, which is sent only within a day after the receiver wrote, and registered nowhere."""

LONGEST_BODY = 1024
"""Characters of a filled body that WhatsApp takes (its error 132005 beyond)."""

_PLACE = re.compile(r"\{\{(\d+)\}\}")


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A template; ``parameters`` says what fills its places, in order.

    ``secret`` marks one whose parameters are stored nowhere. ``code_button``: the first parameter is also what the
    button copies, as WhatsApp asks of every authentication template. ``buttons`` are its quick-reply buttons.
    """

    name: str
    category: Category
    parameters: tuple[str, ...]
    texts: Mapping[Language, str]
    secret: bool = False
    code_button: bool = False
    buttons: Mapping[Language, tuple[str, ...]] = {}

    @property
    def free_text(self) -> bool:
        return self.category == "SERVICE"

    def filled(self, language: Language, parameters: list[str]) -> str:
        """The message as the receiver reads it."""
        return _PLACE.sub(lambda place: parameters[int(place.group(1)) - 1], self.texts[language])


OTP = Template(
    name="otp",
    category="AUTHENTICATION",
    parameters=("code",),
    texts={
        "id": "*{{1}}* adalah kode verifikasi Anda. Demi keamanan, jangan bagikan kode ini.",
        "en": "*{{1}}* is your verification code. For your security, do not share this code.",
    },
    secret=True,
    code_button=True,
)

PURCHASE_ORDER = Template(
    name="purchase_order",
    category="UTILITY",
    parameters=("purchase order number", "quantities", "deadline"),
    texts={
        "id": "Pesanan pembelian baru {{1}} dari Patungan.\nJumlah: {{2}}.\nDiperlukan paling lambat {{3}}.\n"
        "Mohon jawab dengan tombol di bawah ini atau di portal pabrik.",
        "en": "New purchase order {{1}} from Patungan.\nQuantities: {{2}}.\nNeeded by {{3}} at the latest.\n"
        "Please answer by a button below or in the factory portal.",
    },
    buttons={"id": ("Konfirmasi", "Tolak"), "en": ("Confirm", "Reject")},
)

PURCHASE_ORDER_REMINDER = Template(
    name="purchase_order_reminder",
    category="UTILITY",
    parameters=("purchase order number", "quantities", "deadline"),
    texts={
        "id": "Pesanan pembelian {{1}} dari Patungan belum dijawab.\nJumlah: {{2}}.\n"
        "Diperlukan paling lambat {{3}}.\nMohon jawab dengan tombol di bawah ini atau di portal pabrik.",
        "en": "Purchase order {{1}} from Patungan is not answered yet.\nQuantities: {{2}}.\n"
        "Needed by {{3}} at the latest.\nPlease answer by a button below or in the factory portal.",
    },
    buttons={"id": ("Konfirmasi", "Tolak"), "en": ("Confirm", "Reject")},
)

REASON_REQUEST = Template(
    name="reason_request",
    category="SERVICE",
    parameters=(),
    texts={
        "id": "Terima kasih atas jawaban Anda. Mohon balas pesan ini dengan alasan penolakan.",
        "en": "Thank you for your answer. Please reply to this message with the reason for your rejection.",
    },
)

SESSION_SUCCESS = Template(
    name="session_success",
    category="UTILITY",
    parameters=("product", "session number", "units sold"),
    texts={
        "id": "Sesi patungan {{2}} untuk {{1}} berhasil dengan {{3}} unit terjual. Lihat rinciannya di Patungan.",
        "en": "Group session {{2}} for {{1}} succeeded with {{3}} units sold. See the details on Patungan.",
    },
)

PICKUP = Template(
    name="pickup",
    category="UTILITY",
    parameters=("pickup number", "date and time", "place"),
    texts={
        "id": "Penjemputan {{1}} dijadwalkan pada {{2}} di {{3}}. Mohon siapkan barangnya.",
        "en": "Pickup {{1}} is scheduled for {{2}} at {{3}}. Please have the goods ready.",
    },
)

TEMPLATES: Mapping[str, Template] = {
    each.name: each for each in (OTP, PURCHASE_ORDER, PURCHASE_ORDER_REMINDER, SESSION_SUCCESS, PICKUP, REASON_REQUEST)
}
