"""The audit: whole books pass, and every kind of damage is found and named."""

from __future__ import annotations

from tests.books import assert_books_whole, audited
from tests.house import House


async def test_an_empty_house_has_whole_books(one_house: House) -> None:
    await assert_books_whole(one_house)
    report = await audited(one_house)
    assert all(finding.count == 0 and finding.skipped is None for finding in report.findings)
