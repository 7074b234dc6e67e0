"""The text inside an invoice's QRIS code: a dynamic one, with the amount, in the EMVCo form that payment apps read."""

from __future__ import annotations

from lokal.qris import qris_crc

from patungan.sandbox.xendit.invoices import Invoice

MERCHANT_CRITERIA = "UMI"
DEPARTMENT_STORES = "5311"
RUPIAH = "360"
NATIONAL_MERCHANT_ID = "ID0000000000390"


def _field(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"


def payload(invoice: Invoice, merchant: str) -> str:
    """The code's text; its merchant id is made up, so no payment app can find a payee."""
    account = _field("00", "ID.CO.QRIS.WWW") + _field("02", NATIONAL_MERCHANT_ID) + _field("03", MERCHANT_CRITERIA)
    text = (
        _field("00", "01")
        + _field("01", "12")
        + _field("51", account)
        + _field("52", DEPARTMENT_STORES)
        + _field("53", RUPIAH)
        + _field("54", str(invoice.amount))
        + _field("58", "ID")
        + _field("59", merchant.encode("ascii", "replace").decode()[:25])
        + _field("60", "JAKARTA")
        + _field("61", "10110")
        + _field("62", _field("01", invoice.id))
        + "6304"
    )
    return text + qris_crc(text)
