"""A settlement's statement as a PDF to be printed, in Indonesian."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from patungan.kernel.money import format_rupiah
from patungan.kernel.time import JAKARTA
from patungan.services.settlement.operations.statements import Statement, StatementLine
from patungan.services.settlement.rules import LineKind

_STYLES = getSampleStyleSheet()
_SMALL = ParagraphStyle("Small", parent=_STYLES["Normal"], fontSize=7, leading=8.5)
_GRID = TableStyle(
    [
        ("FONTSIZE", (0, 0), (-1, -1), 7),
        ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.2, colors.lightgrey),
        ("ALIGN", (-3, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)
_KINDS = {
    LineKind.ORDER: "Pesanan",
    LineKind.SURPLUS: "Kelebihan produksi",
    LineKind.REFUND: "Pengembalian dana",
    LineKind.ADJUSTMENT: "Penyesuaian",
    LineKind.CARRIED_OVER: "Saldo sebelumnya",
    LineKind.GATEWAY_FEE: "Biaya gerbang pembayaran",
    LineKind.OFFICE_SHARE: "Bagian komisi kantor",
}


def _table(head: Sequence[str], rows: Sequence[Sequence[object]], widths: Sequence[float]) -> Flowable:
    words = len(head) - 3
    cells = [[*(Paragraph(escape(str(cell)), _SMALL) for cell in row[:words]), *map(str, row[words:])] for row in rows]
    return LongTable([list(head), *cells], colWidths=[each * mm for each in widths], repeatRows=1, style=_GRID)


def _row(line: StatementLine) -> tuple[object, ...]:
    units = f"{line.quantity} x {format_rupiah(line.unit_price)}" if line.quantity else ""
    return (
        *(line.occurred_at.astimezone(JAKARTA).strftime("%d.%m.%Y"), _KINDS[line.kind], line.description),
        *(line.order_item_id or "", line.transaction_id or "", units),
        *(format_rupiah(line.value), format_rupiah(line.commission), format_rupiah(line.amount)),
    )


def statement_pdf(statement: Statement, made_at: datetime) -> bytes:
    """The statement on A4 pages; days in Asia/Jakarta."""
    period = f"{statement.period_start:%d.%m.%Y} - {statement.period_end:%d.%m.%Y}"
    made = made_at.astimezone(JAKARTA).strftime("%d.%m.%Y %H:%M")
    totals = [
        (
            _KINDS[each.kind],
            each.lines,
            format_rupiah(each.value),
            format_rupiah(each.commission),
            format_rupiah(each.amount),
        )
        for each in statement.totals
    ]
    ends = [
        ("Jumlah", "", "", "", format_rupiah(statement.net_amount)),
        ("Dibayarkan", "", "", "", format_rupiah(statement.payout_amount)),
        ("Dibawa ke penyelesaian berikutnya", "", "", "", format_rupiah(statement.carried_out)),
    ]
    story: list[Flowable] = [
        Paragraph(escape(f"Penyelesaian {statement.code}"), _STYLES["Title"]),
        Paragraph(escape(f"{statement.payee_name}, {period}, dibayar {statement.pay_on:%d.%m.%Y}"), _STYLES["Normal"]),
        Paragraph(escape(f"Akun {statement.account}, status {statement.status}, dibuat {made} WIB"), _STYLES["Normal"]),
        Spacer(1, 5 * mm),
        _table(("", "Baris", "Nilai", "Komisi", "Jumlah"), [*totals, *ends], (80, 20, 45, 45, 45)),
        Spacer(1, 5 * mm),
        _table(
            (
                "Tanggal",
                "Jenis",
                "Keterangan",
                "Butir pesanan",
                "Transaksi buku besar",
                "Unit",
                "Nilai",
                "Komisi",
                "Jumlah",
            ),
            [_row(each) for each in statement.lines],
            (18, 26, 44, 42, 42, 26, 25, 22, 25),
        ),
    ]
    file = BytesIO()
    template = SimpleDocTemplate(
        file,
        pagesize=landscape(A4),
        title=f"Penyelesaian {statement.code}",
        author="Patungan",
        leftMargin=13 * mm,
        rightMargin=13 * mm,
        topMargin=14 * mm,
        bottomMargin=14 * mm,
    )
    template.build(story, onFirstPage=_number, onLaterPages=_number)
    return file.getvalue()


def _number(canvas: Canvas, template: SimpleDocTemplate) -> None:
    canvas.setFont("Helvetica", 7)
    canvas.drawRightString(284 * mm, 8 * mm, str(template.page))
