"""Sharing a session: a short link, words to send with it in both languages, and the link as a QR code."""

from __future__ import annotations

import io
from urllib.parse import quote
from uuid import UUID

import msgspec
import segno

from patungan.kernel.money import format_rupiah
from patungan.kernel.service import Context
from patungan.kernel.time import JAKARTA
from patungan.services.group_buying import rules
from patungan.services.group_buying.operations.views import session_or_404
from patungan.services.group_buying.queries.sessions import Session


class ShareMessage(msgspec.Struct, frozen=True):
    """Words to send, the link included; ``whatsapp_url`` opens WhatsApp with them."""

    language: str
    text: str
    whatsapp_url: str


class Share(msgspec.Struct, frozen=True):
    code: str
    url: str
    qr_url: str
    messages: list[ShareMessage]


TEXTS = {
    "id": (
        (
            "Yuk patungan {name}! Bayar {base} dulu, harga akhir bisa turun sampai {lowest} kalau {moq} buah terkumpul. "
            "Sudah {paid} buah dibayar pembeli. Ditutup {ends} WIB: {url}"
        ),
        "Patungan {name} sudah ditutup. Lihat hasilnya: {url}",
    ),
    "en": (
        (
            "Buy {name} together with me! Pay {base} first; the final price can drop to {lowest} once {moq} units are in. "
            "Buyers have paid for {paid} so far. Closes {ends} WIB: {url}"
        ),
        "The group buy of {name} has closed. See how it went: {url}",
    ),
}
"""For a session that still takes joins or will, and for one that is over. The paid units are people's alone."""

TAKES_JOINS = frozenset({rules.Phase.SCHEDULED, rules.Phase.FORMING, rules.Phase.MOQ_REACHED})


def link_of(ctx: Context, session: Session) -> str:
    """The short public link of a session."""
    return f"{ctx.settings.public_url.rstrip('/')}/s/{session.code}"


async def share(ctx: Context, session_id: UUID) -> Share:
    """What a buyer sends to others."""
    session = await session_or_404(ctx.db, session_id)
    url = link_of(ctx, session)
    qr_url = f"{ctx.settings.public_url.rstrip('/')}/api/group-buying/{session.id}/qr.svg"
    over = session.phase(ctx.clock.now()) not in TAKES_JOINS
    messages = []
    for language, texts in TEXTS.items():
        text = texts[over].format(
            name=session.product.name_en if language == "en" and session.product.name_en else session.product.name,
            base=format_rupiah(session.base_price),
            lowest=format_rupiah(session.price_tier_100),
            moq=session.target_moq,
            paid=session.paid_quantity,
            ends=f"{session.ends_at.astimezone(JAKARTA):%d/%m/%Y %H.%M}",
            url=url,
        )
        messages.append(ShareMessage(language, text, f"https://wa.me/?text={quote(text, safe='')}"))
    return Share(session.code, url, qr_url, messages)


async def qr_code(ctx: Context, session_id: UUID) -> str:
    """The session's link as an SVG that scales to its place."""
    session = await session_or_404(ctx.db, session_id)
    drawing = io.BytesIO()
    code = segno.make(link_of(ctx, session), error="m", micro=False)
    code.save(drawing, kind="svg", xmldecl=False, omitsize=True, border=4, title=session.code, light="white")
    return drawing.getvalue().decode()
