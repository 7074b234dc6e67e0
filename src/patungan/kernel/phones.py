"""Indonesian mobile numbers, in the one form in which they are stored."""

from __future__ import annotations

import re

_MOBILE = re.compile(r"(\+62|62|0)(8\d{8,11})", re.ASCII)


def normalise_phone(phone: str) -> str | None:
    """An Indonesian mobile number as it is stored, ``+628...``; None where it is not one (DOMAIN.md 1, formats)."""
    found = _MOBILE.fullmatch(re.sub(r"[\s.-]", "", phone))
    return f"+62{found.group(2)}" if found else None
