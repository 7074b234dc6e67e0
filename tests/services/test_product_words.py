"""Words of a query, and which word a misspelt one was meant to be."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.services.product.words import (
    QUERY_WORDS,
    KnownWord,
    Term,
    distance,
    edits_allowed,
    folded,
    is_spelt,
    meant_by,
    query_of,
    remainders,
    words_of,
)

WORD = st.text("abcdek", min_size=3, max_size=12)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("Kopi Gayo", ["kopi", "gayo"]),
        ("a_b", ["b"]),
        ("!!!", []),
        ("x:* | y", ["x", "y"]),
        ("teh'; drop", ["teh", "drop"]),
        ("Kopi dan teh UNTUK rumah", ["kopi", "teh", "rumah"]),
        ("the and of", ["the", "and", "of"]),
        ("kopi kopi", ["kopi"]),
        ("Crème Café", ["creme", "cafe"]),
    ],
)
def test_a_query_becomes_words(query: str, words: list[str]) -> None:
    assert words_of(query) == words


@given(st.text())
def test_a_query_never_carries_an_operator(query: str) -> None:
    words = words_of(query)
    assert len(words) <= QUERY_WORDS
    assert all(re.fullmatch(r"[^\W_]+", word) for word in words)
    text = query_of([Term([], [word], []) for word in words])
    assert re.fullmatch(r"(\('[^\W_]+'(:\*)?\)( & \('[^\W_]+'(:\*)?\))*)?", text)


def test_the_text_of_a_query() -> None:
    assert query_of([Term([], ["bat"], []), Term(["kemeja", "kemaja"], [], ["meja"])]) == (
        "('bat':*) & ('kemeja' | 'kemaja' | 'meja')"
    )
    assert query_of([Term(["xl"], [], ["xl"])]) == "('xl')"


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [
        ("kopi", "kopi", 0),
        ("kpoi", "kopi", 1),
        ("kop", "kopi", 1),
        ("kopii", "kopi", 1),
        ("kapi", "kopi", 1),
        ("spetau", "sepatu", 2),
        ("", "teh", 3),
        ("ca", "abc", 3),
    ],
)
def test_distances(one: str, other: str, letters: int) -> None:
    assert distance(one, other) == distance(other, one) == letters


@given(WORD, WORD)
def test_a_distance_is_one_of_letters(one: str, other: str) -> None:
    letters = distance(one, other)
    assert (letters == 0) == (one == other)
    assert abs(len(one) - len(other)) <= letters <= max(len(one), len(other))


@given(WORD, WORD)
def test_whatever_is_near_enough_shares_a_remainder(one: str, other: str) -> None:
    """The index finds every word that the distance would accept, so that none is missed."""
    allowed = min(edits_allowed(one), edits_allowed(other))
    if distance(one, other) <= allowed:
        assert set(remainders(one)) & set(remainders(other))


@given(st.text("abcdefghijk", min_size=6, max_size=14), st.data())
def test_two_slips_are_found_again(word: str, data: st.DataObject) -> None:
    slipped = word
    for _ in range(2):
        place = data.draw(st.integers(0, len(slipped) - 2))
        slip = data.draw(st.sampled_from(["drop", "add", "change", "swap"]))
        head, tail = slipped[:place], slipped[place:]
        slipped = {
            "drop": head + tail[1:],
            "add": head + "x" + tail,
            "change": head + "x" + tail[1:],
            "swap": head + tail[1] + tail[0] + tail[2:],
        }[slip]
    if len(slipped) >= 6 and distance(slipped, word) <= 2:
        assert meant_by(slipped, [KnownWord(word, 1)]) == [word]
        assert set(remainders(slipped)) & set(remainders(word))


def test_the_nearest_word_is_meant_and_the_more_frequent_first() -> None:
    known = [KnownWord("kemeja", 40), KnownWord("meja", 90), KnownWord("kemaja", 2), KnownWord("kamera", 70)]
    assert meant_by("kemja", known) == ["kemeja", "kemaja"]
    assert meant_by("kamira", known) == ["kamera"]
    assert meant_by("xyzzy", known) == []
    assert meant_by("kemeja", known) == ["kemeja"]
    assert meant_by("kemeja", known, widely=True) == ["kemeja", "kemaja", "meja", "kamera"]
    assert meant_by("me", known) == []


@given(st.lists(st.text("abc", min_size=3, max_size=3), unique=True))
def test_a_word_stands_for_few_others(words: list[str]) -> None:
    found = meant_by("abc", [KnownWord(word, number) for number, word in enumerate(words)])
    assert len(found) <= 5
    assert all(distance("abc", one) == distance("abc", two) <= 1 for one, two in pairwise(found))


def test_what_can_be_misspelt() -> None:
    assert [is_spelt(word) for word in ("teh", "te", "a4", "80cm", "x" * 31)] == [True, False, False, False, False]
    assert folded("ÀÉî Ü") == "aei u"
