"""Looking up a place as one types: words in any order and from any level, unfinished, abbreviated or misspelt.

An index of words in arrays: the places of neighbouring words lie next to one another, so an unfinished word is one slice.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left, bisect_right
from functools import cache
from itertools import accumulate

from patungan.services.address.atlas import CITY, VILLAGE, Atlas, atlas
from patungan.services.address.rules import Sought, plain, sought

SHORTEST_MISSPELT = 4
"""Shorter words are taken as they are: of three letters too many others are one slip away."""
TWO_SLIPS = 8
MOST_RANKED = 3_000


class Lookup:
    """The words of all names and postal codes, and where they occur."""

    def __init__(self, places: Atlas) -> None:
        self._atlas = places
        found: dict[str, array[int]] = {}
        for place in range(len(places)):
            words = set(_words_of(places, place))
            for word in words:
                found.setdefault(word, array("i")).append(place)
        self._words = sorted(found)
        self._bounds = array("i", accumulate((len(found[word]) for word in self._words), initial=0))
        self._places = array("i")
        for word in self._words:
            self._places.extend(found[word])

    def search(self, query: str, limit: int) -> list[int]:
        """The places that fit best, at most ``limit``: without slips first, whole words before unfinished ones."""
        wanted = sought(query)
        best: list[int] = []
        for slips in (False, True):
            ranges = [self._ranges(each.word, slips=slips) for each in wanted]
            if not wanted or not all(ranges):
                continue
            found = self._all_of(wanted, ranges)
            if not found:
                found = self._all_of([Sought(each.word) for each in wanted], ranges)
            if found:
                best = self._ranked(found, wanted, ranges, limit)
                break
        return best

    def _ranges(self, word: str, *, slips: bool) -> list[tuple[int, int, int]]:
        """Slices of the words that begin as the word does, else with a slip or two: first, last, slips."""
        low = bisect_left(self._words, word)
        high = bisect_left(self._words, word + "\x7f", low)
        if low < high or not slips or len(word) < SHORTEST_MISSPELT or word.isdigit():
            return [(low, high, 0)] if low < high else []
        found = self._misspelt(word, 1)
        if not found and len(word) >= TWO_SLIPS:
            found = self._misspelt(word, 2)
        return found

    def _misspelt(self, word: str, slips: int) -> list[tuple[int, int, int]]:
        """Slices of words that begin with the word but for so many letters missing, added, changed or swapped.

        A walk through the sorted words as through a tree; the first letter is taken as right where two may be wrong.
        """
        words, ends = self._words, len(word)
        found: dict[tuple[int, int], int] = {}
        start = 1 if slips > 1 else 0
        seen: set[tuple[int, str, int]] = set()
        waiting = [(start, word[:start], slips)]
        while waiting:
            at, begun, left = waiting.pop()
            if (at, begun, left) in seen:
                continue
            seen.add((at, begun, left))
            low = bisect_left(words, begun)
            high = bisect_left(words, begun + "\x7f", low)
            if low == high:
                continue
            if at == ends:
                used = slips - left
                found[(low, high)] = min(used, found.get((low, high), used))
                continue
            waiting.append((at + 1, begun + word[at], left))
            if left:
                waiting.append((at + 1, begun, left - 1))
                if at + 1 < ends:
                    waiting.append((at + 2, begun + word[at + 1] + word[at], left - 1))
                for letter in self._next_letters(begun, low, high):
                    waiting.append((at, begun + letter, left - 1))
                    waiting.append((at + 1, begun + letter, left - 1))
        return [(low, high, used) for (low, high), used in found.items()]

    def _next_letters(self, begun: str, low: int, high: int) -> list[str]:
        letters = []
        depth = len(begun)
        while low < high:
            if len(self._words[low]) == depth:
                low += 1
                continue
            letter = self._words[low][depth]
            letters.append(letter)
            low = bisect_right(self._words, begun + letter + "\x7f", low, high)
        return letters

    def _postings(self, ranges: list[tuple[int, int, int]], level: int | None) -> set[int]:
        found: set[int] = set()
        for low, high, _ in ranges:
            found.update(self._places[self._bounds[low] : self._bounds[high]])
        if level is not None:
            levels = self._atlas.levels
            found = {place for place in found if levels[place] == level}
        return found

    def _all_of(self, wanted: list[Sought], ranges: list[list[tuple[int, int, int]]]) -> set[int]:
        """The places that hold every word, in their own name or in that of what they lie in, and are the innermost that
        a word names."""
        several = [self._postings(each, one.level) for one, each in zip(wanted, ranges, strict=True)]
        several.sort(key=len)
        found = several[0]
        for other in several[1:]:
            found = self._both(found, other)
            if not found:
                break
        return found

    def _both(self, some: set[int], others: set[int]) -> set[int]:
        found = set()
        for these, those in ((some, others), (others, some)):
            if len(these) <= 4 * len(those):
                found |= {place for place in these if any(each in those for each in self._atlas.upwards(place))}
                continue
            # Few places with much in them: cut what lies in each out of the others.
            ordered = sorted(these)
            for place in those:
                low = bisect_left(ordered, place)
                found.update(ordered[low : bisect_left(ordered, self._atlas.ends[place], low)])
        return found

    def _ranked(
        self, found: set[int], wanted: list[Sought], ranges: list[list[tuple[int, int, int]]], limit: int
    ) -> list[int]:
        levels = self._atlas.levels
        if len(found) > MOST_RANKED:
            # Of a letter or two: what is larger is more likely meant than one of thousands of villages.
            larger = {place for place in found if levels[place] < VILLAGE}
            found = larger if len(larger) >= limit else larger | set(heapq.nsmallest(MOST_RANKED, found))
        slipped = {
            self._words[number]: slips
            for each in ranges
            for low, high, slips in each
            if slips
            for number in range(low, high)
        }
        kind = next((each.kind for each in wanted if each.kind), "")
        words = [each.word for each in wanted]
        return heapq.nsmallest(limit, found, key=lambda place: self._rank(place, words, slipped, kind))

    def _rank(self, place: int, words: list[str], slipped: dict[str, int], kind: str) -> tuple[object, ...]:
        own = _words_of(self._atlas, place)
        level = self._atlas.levels[place]
        name = self._atlas.name(place)
        # Of the words looked for, how many the place's own name has, whole ones counting twice.
        fit = sum(2 if word in own else any(each.startswith(word) or each in slipped for each in own) for word in words)
        begins = bool(own) and (own[0].startswith(words[0]) or own[0] in slipped)
        return (
            -fit,
            min((slipped[word] for word in own if word in slipped), default=0) if slipped else 0,
            bool(kind) and not (level == CITY and name.startswith(kind)),
            own[:1] != words[:1] and not (begins and slipped),
            not begins,
            level,
            len(own),
            # A name that a city shares with the regency around it means the city first.
            level == CITY and not name.startswith("Kota"),
            name,
            place,
        )


def _words_of(places: Atlas, place: int) -> list[str]:
    """The words that a place is found by: its name's, a city's without its kind, and a village's postal code."""
    level = places.levels[place]
    words = plain(places.name(place)).split()
    if level == CITY:
        words = [word for word in words[1:] if word != "administrasi"]
    if level == VILLAGE and (code := places.postal_code(place)):
        words.append(code)
    return words


@cache
def lookup() -> Lookup:
    """The index, made on first use."""
    return Lookup(atlas())
