"""Words of a search: what a query asks for, and which word a misspelt one was meant to be. No I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import combinations

import msgspec

QUERY_WORDS = 8
"""How many words of a query count; more narrow nothing down and cost time."""

LEAST_LETTERS = 3
"""Shorter words stand for themselves: they neither begin longer ones nor are taken for misspelt."""

COMPARED_LETTERS = 7
"""Of a longer word only the beginning is kept with letters dropped; the distance is taken over the whole word."""

ALTERNATIVES = 5
"""How many words a misspelt one may stand for."""
ALTERNATIVES_WIDELY = 12
"""The same where the nearest words lead to nothing."""

CONNECTIVES = frozenset(
    [
        "dan",
        "atau",
        "untuk",
        "dengan",
        "yang",
        "di",
        "dari",
        "ke",
        "pada",
        "bagi",
        "the",
        "a",
        "an",
        "and",
        "or",
        "for",
        "of",
        "with",
        "in",
        "on",
        "to",
    ]
)
"""Words of both languages that ask for nothing by themselves."""


class Spelling(msgspec.Struct, frozen=True):
    """A word of a query as the catalogue knows it: whether it is one of its words, whether its words begin so or share
    a stem with it, and its stems in both languages."""

    word: str
    is_whole: bool
    is_known: bool
    stems: list[str]


class KnownWord(msgspec.Struct, frozen=True):
    """A word of the catalogue and how many products have it."""

    word: str
    documents: int


def folded(text: str) -> str:
    """Small letters without accents, as words are compared."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def words_of(query: str) -> list[str]:
    """The words of a query that count; connectives only where there is nothing else."""
    words = list(dict.fromkeys(re.findall(r"[^\W_]+", folded(query))))
    return ([word for word in words if word not in CONNECTIVES] or words)[:QUERY_WORDS]


def is_spelt(word: str) -> bool:
    """Whether a word can be misspelt: letters alone, and enough of them; numbers and SKUs are meant as they stand."""
    return LEAST_LETTERS <= len(word) <= 30 and word.isalpha()


def edits_allowed(word: str) -> int:
    """How many letters of a word may be wrong: none below three, one up to five, two above."""
    return 0 if len(word) < LEAST_LETTERS else 1 if len(word) <= 5 else 2


def remainders(word: str) -> list[str]:
    """What is left of the beginning of a word when up to ``edits_allowed`` letters are dropped, itself included."""
    start = word[:COMPARED_LETTERS]
    left = {start}
    for dropped in range(1, edits_allowed(word) + 1):
        for kept in combinations(start, len(start) - dropped):
            left.add("".join(kept))
    return sorted(left)


def distance(one: str, other: str) -> int:
    """Letters to change, add, drop or swap with their neighbour to make one word the other (Damerau and Levenshtein,
    no letter touched twice)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def meant_by(word: str, candidates: Iterable[KnownWord], *, widely: bool = False) -> list[str]:
    """The words that a misspelt one may stand for, the nearest only, the most frequent first; ``widely``: all that are
    near enough, the nearest first."""
    near = [(distance(word, each.word), -each.documents, each.word) for each in candidates]
    near = sorted(each for each in near if each[0] <= edits_allowed(word))
    if widely:
        return [each[2] for each in near][:ALTERNATIVES_WIDELY]
    return [each[2] for each in near if each[0] == near[0][0]][:ALTERNATIVES]


class Term(msgspec.Struct, frozen=True):
    """What one word of a query stands for: words as they are, or beginnings of words, and stems."""

    words: list[str]
    beginnings: list[str]
    stems: list[str]


def query_of(terms: Sequence[Term]) -> str:
    """The text of a tsquery: of each term a document has one of the words or stems, or a word that begins so."""
    parts = []
    for term in terms:
        lexemes = dict.fromkeys([f"'{word}'" for word in (*term.words, *term.stems)])
        lexemes |= dict.fromkeys(f"'{beginning}':*" for beginning in term.beginnings)
        parts.append(f"({' | '.join(lexemes)})")
    return " & ".join(parts)
