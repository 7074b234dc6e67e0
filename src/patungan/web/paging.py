"""Links to the pages before and after in a list."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

MAX_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a list stands; addresses are None where there is no such page."""

    page: int
    pages: int
    previous: str | None
    following: str | None


def page_of(text: str) -> int:
    """The page that an address asks for; the first where it asks for none that could be."""
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PAGE else 1


def pages(path: str, page: int, limit: int, total: int, *, anchor: str = "", **query: str) -> Paging:
    """The paging of a list with ``total`` entries, ``limit`` a page; ``anchor`` is where on the page the list is."""
    last = max(1, -(-total // limit))

    def address(number: int) -> str:
        given = {name: value for name, value in query.items() if value}
        if number > 1:
            given["page"] = str(number)
        return (f"{path}?{urlencode(given)}" if given else path) + (f"#{anchor}" if anchor else "")

    return Paging(page, last, address(page - 1) if page > 1 else None, address(page + 1) if page < last else None)
