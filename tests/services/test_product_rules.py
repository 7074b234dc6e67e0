"""The decisions of product, one by one."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.kernel.money import Rupiah
from patungan.services.product.rules import (
    PRICE_BANDS,
    STATUS_MOVES,
    ProductStatus,
    adjustment_fits,
    band_of_prices,
    prices_in_order,
    slug_of,
    what_publishing_lacks,
)

PRICE = st.integers(-5, 10).map(Rupiah)


@given(st.lists(PRICE, min_size=5, max_size=5))
def test_prices_never_rise_and_nothing_is_free(prices: list[Rupiah]) -> None:
    falling = sorted(prices, reverse=True) == prices
    assert prices_in_order(*prices) == (falling and prices[-1] > 0)


@pytest.mark.parametrize(("lowest", "adjustment", "fits"), [(100, -99, True), (100, -100, False), (1, 0, True)])
def test_a_variant_costs_a_rupiah_at_least(lowest: int, adjustment: int, fits: bool) -> None:
    assert adjustment_fits(Rupiah(lowest), adjustment) is fits


@given(st.integers(0, 2), st.booleans(), st.integers(0, 2), st.booleans())
def test_publishing_lacks_exactly_what_is_missing(images: int, declared: bool, active: int, sells: bool) -> None:
    lacks = what_publishing_lacks(images=images, has_variants=declared, active_variants=active, factory_may_sell=sells)
    assert ("image" in lacks) == (images == 0)
    assert ("variant" in lacks) == (declared and active == 0)
    assert ("factory" in lacks) == (not sells)


def test_nothing_moves_to_itself_or_back_to_draft() -> None:
    assert set(STATUS_MOVES) == set(ProductStatus)
    for before, moves in STATUS_MOVES.items():
        assert before not in moves
        assert ProductStatus.DRAFT not in moves


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Kemeja Batik Pria, Lengan Pendek", "kemeja-batik-pria-lengan-pendek"),
        ("  Café & Crème 100% ", "cafe-creme-100"),
        ("---", ""),
        ("日本茶", ""),
    ],
)
def test_slugs_of_names(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@given(st.text(max_size=300))
def test_a_slug_always_has_the_form_of_one(name: str) -> None:
    slug = slug_of(name)
    assert len(slug) <= 100
    assert not slug or re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)


def test_bands_of_prices_touch_and_leave_nothing_out() -> None:
    bands = [band_of_prices(number) for number in range(len(PRICE_BANDS) + 1)]
    assert bands[0] == (None, 24_999)
    assert bands[3] == (100_000, 249_999)
    assert bands[-1] == (1_000_000, None)
    for (_, greatest), (least, _) in itertools.pairwise(bands):
        assert greatest is not None and least == greatest + 1
