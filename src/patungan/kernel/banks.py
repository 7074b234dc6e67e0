"""The banks of Indonesia that money is paid out to."""

from __future__ import annotations

import enum


class BankCode(enum.StrEnum):
    """Banks that the platform pays out to (DOMAIN.md 3.10)."""

    BCA = "BCA"
    BNI = "BNI"
    BRI = "BRI"
    MANDIRI = "MANDIRI"
    CIMB = "CIMB"
    PERMATA = "PERMATA"
    DANAMON = "DANAMON"
    BTN = "BTN"
