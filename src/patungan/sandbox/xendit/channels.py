"""Through which banks, wallets and shops money comes in and goes out, with the sandbox's own fees and limits."""

from __future__ import annotations

import hashlib
from typing import Final, Literal

import msgspec

from patungan.sandbox.settings import SandboxSettings

PaymentMethod = Literal["BANK_TRANSFER", "EWALLET", "QR_CODE", "CREDIT_CARD", "RETAIL_OUTLET"]

VIRTUAL_ACCOUNT_PREFIX: Final = {
    "BCA": "10766",
    "BNI": "8808",
    "BRI": "26215",
    "MANDIRI": "88608",
    "PERMATA": "8214",
    "BSI": "9347",
    "BJB": "1234",
    "SAHABAT_SAMPOERNA": "4010",
    "CIMB": "93490",
    "BNC": "9010",
}
EWALLETS: Final = ("OVO", "DANA", "GOPAY", "SHOPEEPAY", "LINKAJA", "ASTRAPAY", "JENIUSPAY", "NEXCASH")
RETAIL_OUTLETS: Final = ("ALFAMART", "INDOMARET")

INCOMING: Final[dict[str, PaymentMethod]] = {
    **dict.fromkeys(VIRTUAL_ACCOUNT_PREFIX, "BANK_TRANSFER"),
    **dict.fromkeys(EWALLETS, "EWALLET"),
    **dict.fromkeys(RETAIL_OUTLETS, "RETAIL_OUTLET"),
    "QRIS": "QR_CODE",
    "CREDIT_CARD": "CREDIT_CARD",
}
"""Every name that ``payment_methods`` of an invoice may hold, and the method it belongs to."""

REFUND_TYPE: Final[dict[str, str]] = {"CREDIT_CARD": "CARD", "EWALLET": "EWALLET", "QR_CODE": "QR_CODE"}
"""Methods whose money can go back where it came from; a bank transfer or a shop can only be paid out anew."""

MAXIMUM_INVOICE: Final = 50_000_000_000
MINIMUM_INVOICE: Final = 1
"""The sandbox's own limits of an invoice in rupiah; Xendit sets them per merchant and channel."""

MINIMUM_PAYOUT: Final = 7_500
"""The net of DOMAIN.md's smallest withdrawal. Usual at Xendit is 10,000: docs/decisions/0032."""
MAXIMUM_BANK_PAYOUT: Final = 1_999_999_999
MAXIMUM_EWALLET_PAYOUT: Final = 20_000_000
BI_FAST_LIMIT: Final = 250_000_000
"""Rupiah up to which a payout arrives within minutes; above it takes the RTGS system, about two hours."""

OUTGOING_WALLETS: Final = ("DANA", "GOPAY", "LINKAJA", "OVO", "SHOPEEPAY")
_BANKS: Final = """
ACEH ACEH_UUS AGRONIAGA ALADIN ALLO AMAR ANZ ARTHA BALI BAML BANTEN BCA BCA_DIGITAL BCA_SYR BENGKULU
BISNIS_INTERNASIONAL BJB BJB_SYR BNC BNI BNP_PARIBAS BOC BRI BSI BTN BTN_UUS BTPN_SYARIAH BUKOPIN BUKOPIN_SYR
BUMI_ARTA CAPITAL CCB CHINATRUST CIMB CIMB_UUS CITIBANK COMMONWEALTH DAERAH_ISTIMEWA DAERAH_ISTIMEWA_UUS DANAMON
DANAMON_UUS DBS DEUTSCHE DINAR_INDONESIA DKI DKI_UUS FAMA GANESHA HANA HSBC HSBC_UUS IBK ICBC INA_PERDANA
INDEX_SELINDO INDIA JAGO JAMBI JAMBI_UUS JASA_JAKARTA JAWA_TENGAH JAWA_TENGAH_UUS JAWA_TIMUR JAWA_TIMUR_UUS JPMORGAN
JTRUST KALIMANTAN_BARAT KALIMANTAN_BARAT_UUS KALIMANTAN_SELATAN KALIMANTAN_SELATAN_UUS KALIMANTAN_TENGAH
KALIMANTAN_TIMUR KALIMANTAN_TIMUR_UUS LAMPUNG MALUKU MANDIRI MANDIRI_TASPEN MASPION MAYAPADA MAYBANK MAYORA MEGA
MEGA_SYR MESTIKA_DHARMA MIZUHO MNC_INTERNASIONAL MUAMALAT MULTI_ARTA_SENTOSA NATIONALNOBU NUSA_TENGGARA_BARAT
NUSA_TENGGARA_TIMUR OCBC OCBC_UUS OKE PANIN PANIN_SYR PAPUA PERMATA PERMATA_UUS PRIMA_MASTER QNB_INDONESIA RABOBANK
RESONA RIAU_DAN_KEPRI SAHABAT_SAMPOERNA SBI_INDONESIA SEABANK SHINHAN SINARMAS SINARMAS_UUS STANDARD_CHARTERED
SULAWESI SULAWESI_TENGGARA SULSELBAR SULSELBAR_UUS SULUT SUMATERA_BARAT SUMATERA_BARAT_UUS SUMSEL_DAN_BABEL
SUMSEL_DAN_BABEL_UUS SUMUT SUMUT_UUS TABUNGAN_PENSIUNAN_NASIONAL TOKYO UOB VICTORIA_INTERNASIONAL VICTORIA_SYR WOORI
"""
OUTGOING_BANKS: Final = tuple(_BANKS.split())


class AmountLimits(msgspec.Struct):
    minimum: int
    maximum: int
    minimum_increment: int = 1


class PayoutChannel(msgspec.Struct):
    """A row of ``GET /payouts_channels``."""

    channel_code: str
    channel_category: Literal["BANK", "EWALLET"]
    currency: str
    channel_name: str
    amount_limits: AmountLimits


def _outgoing(name: str, category: Literal["BANK", "EWALLET"], maximum: int) -> PayoutChannel:
    label = name if len(name) <= 4 else name.replace("_", " ").title()
    return PayoutChannel(f"ID_{name}", category, "IDR", label, AmountLimits(MINIMUM_PAYOUT, maximum))


PAYOUT_CHANNELS: Final[dict[str, PayoutChannel]] = {
    channel.channel_code: channel
    for channel in (
        *(_outgoing(bank, "BANK", MAXIMUM_BANK_PAYOUT) for bank in OUTGOING_BANKS),
        *(_outgoing(wallet, "EWALLET", MAXIMUM_EWALLET_PAYOUT) for wallet in OUTGOING_WALLETS),
    )
}


def provider_fee(settings: SandboxSettings, method: PaymentMethod, amount: int) -> int:
    """What the provider keeps of a payment, in whole rupiah, halves rounded up.

    The figures are the sandbox's own, near public price lists; the real ones are in each merchant's contract.
    """
    match method:
        case "BANK_TRANSFER":
            return settings.fee_virtual_account
        case "RETAIL_OUTLET":
            return settings.fee_retail_outlet
        case "EWALLET":
            return _share(amount, settings.fee_ewallet_rate)
        case "QR_CODE":
            return _share(amount, settings.fee_qris_rate)
        case "CREDIT_CARD":
            return _share(amount, settings.fee_card_rate) + settings.fee_card_fixed


def _share(amount: int, basis_points: int) -> int:
    return (amount * basis_points + 5_000) // 10_000


def payment_destination(invoice_id: str, channel: str) -> str:
    """Where the buyer pays to: the same virtual account number or shop code for the same invoice, always."""
    digest = int.from_bytes(hashlib.sha256(f"{invoice_id}:{channel}".encode()).digest()[:8], "big")
    if channel in VIRTUAL_ACCOUNT_PREFIX:
        return f"{VIRTUAL_ACCOUNT_PREFIX[channel]}{digest % 10**9:09d}"
    if channel in RETAIL_OUTLETS:
        return f"SBX{digest % 10**9:09d}"
    if channel == "CREDIT_CARD":
        return f"4000-00XX-XXXX-{digest % 10**4:04d}"
    return f"081{digest % 10**9:09d}"
