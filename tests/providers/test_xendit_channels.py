"""Payout channels and account numbers."""

from __future__ import annotations

import pytest

from patungan.providers.xendit import (
    BANKS,
    E_WALLETS,
    InvalidAccountNumber,
    UnknownChannel,
    payout_account_number,
    payout_channel,
)


def test_the_table_is_whole() -> None:
    assert (len(BANKS), len(E_WALLETS)) == (128, 5)
    assert BANKS.isdisjoint(E_WALLETS)


@pytest.mark.parametrize(
    ("bank", "channel"),
    [
        ("BCA", "ID_BCA"),
        ("bri", "ID_BRI"),
        (" ID_MANDIRI ", "ID_MANDIRI"),
        ("CIMB", "ID_CIMB"),
        ("PERMATA", "ID_PERMATA"),
        ("DANAMON", "ID_DANAMON"),
        ("BTN", "ID_BTN"),
        ("BNI", "ID_BNI"),
        ("JENIUS", "ID_TABUNGAN_PENSIUNAN_NASIONAL"),
        ("OVO", "ID_OVO"),
    ],
)
def test_a_bank_becomes_its_channel(bank: str, channel: str) -> None:
    assert payout_channel(bank) == channel


@pytest.mark.parametrize("bank", ["", "BCAA", "ID_", "XX_BCA"])
def test_an_unknown_bank_is_refused(bank: str) -> None:
    with pytest.raises(UnknownChannel):
        payout_channel(bank)


@pytest.mark.parametrize(
    ("bank", "given", "number"),
    [
        ("BCA", "123-456-7890", "1234567890"),
        ("BRI", "12345678901234", "012345678901234"),
        ("BRI", "123456789012345", "123456789012345"),
        ("MANDIRI", "1234567890123", "1234567890123"),
        ("BTN", "12345", "12345"),
        ("GOPAY", "+62 812-3456-7890", "081234567890"),
        ("ID_DANA", "081234567890", "081234567890"),
    ],
)
def test_an_account_number_takes_the_channels_form(bank: str, given: str, number: str) -> None:
    assert payout_account_number(bank, given) == number


@pytest.mark.parametrize(
    ("bank", "given"),
    [
        ("BCA", "123456789"),
        ("BCA", "12345678901"),
        ("BNI", "abc"),
        ("BNI", ""),
        ("BNI", "١٢٣٤٥٦٧٨"),
        ("OVO", "0211234567"),
    ],
)
def test_an_impossible_account_number_is_refused(bank: str, given: str) -> None:
    with pytest.raises(InvalidAccountNumber):
        payout_account_number(bank, given)
