"""Whole rupiah as a type of its own; never a float."""

from __future__ import annotations

from typing import NewType

Rupiah = NewType("Rupiah", int)

ZERO = Rupiah(0)


def format_rupiah(amount: int) -> str:
    """Write an amount as people in Indonesia read it: ``Rp 1.250.000``."""
    sign = "-" if amount < 0 else ""
    return f"{sign}Rp {abs(amount):,}".replace(",", ".")


def ceil_percent(amount: int, percent: int) -> Rupiah:
    """``percent`` of an amount, rounded up to a whole rupiah."""
    return Rupiah(-(-amount * percent // 100))


def half_up_percent(amount: int, percent: int) -> Rupiah:
    """``percent`` of a non-negative amount, half a rupiah rounded up."""
    return Rupiah((amount * percent * 2 + 100) // 200)
