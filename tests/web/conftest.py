"""A browser at the storefront, and a market to look at."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.house import House
from tests.market import Market
from tests.web.browser import Browser, storefront


@pytest.fixture
async def browser(one_house: House) -> AsyncIterator[Browser]:
    async with storefront(one_house) as opened:
        yield opened


@pytest.fixture(scope="module")
async def market(one_house: House) -> Market:
    """A product in three variants."""
    return await Market.open(one_house, "Merah", "Hitam", name="Kaus Polos", name_en="Plain T-shirt")
