"""A session's statement as a PDF to be printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from patungan.kernel.money import format_rupiah
from patungan.kernel.time import JAKARTA
from patungan.services.payment.reports.statements import SessionStatement

_STYLES = getSampleStyleSheet()
_GRID = TableStyle(
    [
        ("FONTSIZE", (0, 0), (-1, -1), 7),
        ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.2, colors.lightgrey),
        ("ALIGN", (-1, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Flowable:
    return LongTable(
        [list(head), *map(list, rows)], colWidths=[each * mm for each in widths], repeatRows=1, style=_GRID
    )


def _title(text: str) -> list[Flowable]:
    return [Spacer(1, 5 * mm), Paragraph(escape(text), _STYLES["Heading3"])]


def _local(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(JAKARTA).strftime("%d.%m.%Y %H:%M")


def session_pdf(statement: SessionStatement, made_at: datetime) -> bytes:
    """The statement on A4 pages; times in Asia/Jakarta."""
    totals = [
        ("received into escrow", statement.received),
        ("released", statement.released),
        ("refunded", statement.refunded),
        ("held in escrow", statement.held),
    ]
    story: list[Flowable] = [
        Paragraph("Session statement", _STYLES["Title"]),
        Paragraph(f"Session {statement.session_id}, made {_local(made_at)} WIB", _STYLES["Normal"]),
        *_title("In all"),
        _table(("", "amount"), [(name, format_rupiah(amount)) for name, amount in totals], (120, 50)),
        *_title("Where the money came from"),
        _table(("account", "amount"), [(s.account, format_rupiah(s.amount)) for s in statement.came_from], (120, 50)),
        *_title("Where it went"),
        _table(("account", "amount"), [(s.account, format_rupiah(s.amount)) for s in statement.went_to], (120, 50)),
        *_title("Payments"),
        _table(
            ("payment", "status", "paid", "method", "amount"),
            [(p.code, p.status, _local(p.paid_at), p.method or "", format_rupiah(p.total)) for p in statement.payments],
            (42, 24, 34, 34, 36),
        ),
        *_title("Refunds"),
        _table(
            ("refund", "of", "why", "to", "status", "amount"),
            [
                (r.code, r.payment_code, r.kind, r.destination, r.status, format_rupiah(r.amount))
                for r in statement.refunds
            ],
            (42, 42, 18, 16, 22, 30),
        ),
        *_title("Ledger entries (debits positive)"),
        _table(
            ("posted", "transaction", "account", "amount"),
            [(_local(e.posted_at), e.reference, e.account, format_rupiah(e.amount)) for e in statement.entries],
            (28, 42, 70, 30),
        ),
    ]
    file = BytesIO()
    template = SimpleDocTemplate(
        file,
        pagesize=A4,
        title=f"Session statement {statement.session_id}",
        author="Patungan",
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
    )
    template.build(story, onFirstPage=_number, onLaterPages=_number)
    return file.getvalue()


def _number(canvas: Canvas, template: SimpleDocTemplate) -> None:
    canvas.setFont("Helvetica", 7)
    canvas.drawRightString(190 * mm, 10 * mm, str(template.page))
