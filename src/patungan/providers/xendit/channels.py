"""The banks and e-wallets that Xendit pays out to in Indonesia. The live list is Xendit's ``GET /payouts_channels``."""

from __future__ import annotations

CHANNEL_PREFIX = "ID_"

E_WALLETS: frozenset[str] = frozenset({"DANA", "GOPAY", "LINKAJA", "OVO", "SHOPEEPAY"})

BANKS: frozenset[str] = frozenset(
    [
        "ACEH",
        "ACEH_UUS",
        "AGRONIAGA",
        "ALADIN",
        "ALLO",
        "AMAR",
        "ANZ",
        "ARTHA",
        "BALI",
        "BAML",
        "BANTEN",
        "BCA",
        "BCA_DIGITAL",
        "BCA_SYR",
        "BENGKULU",
        "BISNIS_INTERNASIONAL",
        "BJB",
        "BJB_SYR",
        "BNC",
        "BNI",
        "BNP_PARIBAS",
        "BOC",
        "BRI",
        "BSI",
        "BTN",
        "BTN_UUS",
        "BTPN_SYARIAH",
        "BUKOPIN",
        "BUKOPIN_SYR",
        "BUMI_ARTA",
        "CAPITAL",
        "CCB",
        "CHINATRUST",
        "CIMB",
        "CIMB_UUS",
        "CITIBANK",
        "COMMONWEALTH",
        "DAERAH_ISTIMEWA",
        "DAERAH_ISTIMEWA_UUS",
        "DANAMON",
        "DANAMON_UUS",
        "DBS",
        "DEUTSCHE",
        "DINAR_INDONESIA",
        "DKI",
        "DKI_UUS",
        "FAMA",
        "GANESHA",
        "HANA",
        "HSBC",
        "HSBC_UUS",
        "IBK",
        "ICBC",
        "INA_PERDANA",
        "INDEX_SELINDO",
        "INDIA",
        "JAGO",
        "JAMBI",
        "JAMBI_UUS",
        "JASA_JAKARTA",
        "JAWA_TENGAH",
        "JAWA_TENGAH_UUS",
        "JAWA_TIMUR",
        "JAWA_TIMUR_UUS",
        "JPMORGAN",
        "JTRUST",
        "KALIMANTAN_BARAT",
        "KALIMANTAN_BARAT_UUS",
        "KALIMANTAN_SELATAN",
        "KALIMANTAN_SELATAN_UUS",
        "KALIMANTAN_TENGAH",
        "KALIMANTAN_TIMUR",
        "KALIMANTAN_TIMUR_UUS",
        "LAMPUNG",
        "MALUKU",
        "MANDIRI",
        "MANDIRI_TASPEN",
        "MASPION",
        "MAYAPADA",
        "MAYBANK",
        "MAYORA",
        "MEGA",
        "MEGA_SYR",
        "MESTIKA_DHARMA",
        "MIZUHO",
        "MNC_INTERNASIONAL",
        "MUAMALAT",
        "MULTI_ARTA_SENTOSA",
        "NATIONALNOBU",
        "NUSA_TENGGARA_BARAT",
        "NUSA_TENGGARA_TIMUR",
        "OCBC",
        "OCBC_UUS",
        "OKE",
        "PANIN",
        "PANIN_SYR",
        "PAPUA",
        "PERMATA",
        "PERMATA_UUS",
        "PRIMA_MASTER",
        "QNB_INDONESIA",
        "RABOBANK",
        "RESONA",
        "RIAU_DAN_KEPRI",
        "SAHABAT_SAMPOERNA",
        "SBI_INDONESIA",
        "SEABANK",
        "SHINHAN",
        "SINARMAS",
        "SINARMAS_UUS",
        "STANDARD_CHARTERED",
        "SULAWESI",
        "SULAWESI_TENGGARA",
        "SULSELBAR",
        "SULSELBAR_UUS",
        "SULUT",
        "SUMATERA_BARAT",
        "SUMATERA_BARAT_UUS",
        "SUMSEL_DAN_BABEL",
        "SUMSEL_DAN_BABEL_UUS",
        "SUMUT",
        "SUMUT_UUS",
        "TABUNGAN_PENSIUNAN_NASIONAL",
        "TOKYO",
        "UOB",
        "VICTORIA_INTERNASIONAL",
        "VICTORIA_SYR",
        "WOORI",
    ]
)

# Names that people know better than the channel's.
_SYNONYMS = {"BTPN": "TABUNGAN_PENSIUNAN_NASIONAL", "JENIUS": "TABUNGAN_PENSIUNAN_NASIONAL"}

# Digits of an account number, least and most: docs.xendit.co, payout coverage Indonesia.
_ACCOUNT_DIGITS = {"BCA": (10, 10), "BRI": (13, 17), "BNI": (7, 11), "MANDIRI": (12, 17), "PERMATA": (7, 16)}
_BRI_SHORT_ACCOUNT_DIGITS = 14


class UnknownChannel(ValueError):
    """There is no payout channel of that name."""


class InvalidAccountNumber(ValueError):
    """The number cannot be an account of that bank or e-wallet."""


def payout_channel(bank_code: str) -> str:
    """Xendit's channel code of a bank or e-wallet: ``BCA`` becomes ``ID_BCA``. Raises UnknownChannel."""
    return CHANNEL_PREFIX + _channel_name(bank_code)


def payout_account_number(bank_code: str, number: str) -> str:
    """The account number as the channel takes it: digits only, e-wallets in ``08`` form. Raises InvalidAccountNumber."""
    name = _channel_name(bank_code)
    digits = number.translate(str.maketrans("", "", " -.+"))
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidAccountNumber(f"an account number of {name} has digits only")
    if name in E_WALLETS:
        return _mobile_number(name, digits)
    if name == "BRI" and len(digits) == _BRI_SHORT_ACCOUNT_DIGITS:
        digits = "0" + digits
    least, most = _ACCOUNT_DIGITS.get(name, (1, 34))
    if not least <= len(digits) <= most:
        raise InvalidAccountNumber(f"an account number of {name} has {least} to {most} digits, not {len(digits)}")
    return digits


def _mobile_number(wallet: str, digits: str) -> str:
    local = "0" + digits[2:] if digits.startswith("62") else digits
    if not (local.startswith("08") and 10 <= len(local) <= 13):
        raise InvalidAccountNumber(f"an account of {wallet} is a mobile number such as 081234567890")
    return local


def _channel_name(bank_code: str) -> str:
    name = bank_code.strip().upper().removeprefix(CHANNEL_PREFIX)
    name = _SYNONYMS.get(name, name)
    if name not in BANKS and name not in E_WALLETS:
        raise UnknownChannel(f"there is no payout channel for {bank_code!r}")
    return name
