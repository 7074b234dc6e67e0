"""What the storefront says, in both languages, and how it writes amounts and times."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from patungan.kernel.errors import known_problems
from patungan.kernel.money import format_rupiah
from patungan.kernel.time import JAKARTA
from patungan.web.api import ApiProblem
from patungan.web.texts.account import ACCOUNT
from patungan.web.texts.buying import BUYING
from patungan.web.texts.goods import GOODS
from patungan.web.texts.pages import PAGES
from patungan.web.texts.problems import PROBLEMS
from patungan.web.texts.reviews import REVIEWS
from patungan.web.texts.states import STATES

TEXTS = {**PAGES, **ACCOUNT, **GOODS, **BUYING, **REVIEWS, **STATES}

MONTHS = (
    ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def parse_moment(value: str | datetime) -> datetime:
    """A time as services write it; raises ValueError."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def number(value: int) -> str:
    """``1.250.000``, as people in Indonesia write it, in both languages like the prices beside it."""
    return f"{value:,}".replace(",", ".")


class Words:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._place = 1 if language == "en" else 0

    def text(self, key: str, /, **values: Any) -> str:
        """A text by key; raises KeyError for a key that does not exist."""
        return TEXTS[key][self._place].format(**values) if values else TEXTS[key][self._place]

    def count(self, key: str, count: int) -> str:
        """A text about a number of things; one thing may have a text of its own."""
        named = f"{key}.one" if count == 1 and f"{key}.one" in TEXTS else key
        return self.text(named, count=number(count))

    def state(self, kind: str, state: str) -> str:
        """What a state is called; one that is new to the storefront is shown as the service names it."""
        known = TEXTS.get(f"{kind}.state.{state}")
        return known[self._place] if known else state.replace("_", " ").capitalize()

    def problem(self, problem: ApiProblem) -> str:
        """What a refusal means, in words for people."""
        known = PROBLEMS.get(problem.code)
        if known:
            return known[self._place]
        declared = known_problems().get(problem.code)
        return declared.title if declared else problem.detail or self.text("error.input")

    def problem_title(self, code: str) -> str:
        """The meaning of a code for the documentation."""
        return PROBLEMS[code][self._place] if code in PROBLEMS else known_problems()[code].title

    def stars(self, average: float) -> str:
        """An average of stars: ``4,3`` in Indonesian, ``4.3`` in English."""
        return f"{average:.1f}".replace(".", "." if self._place else ",")

    def moment(self, value: str | datetime) -> str:
        """``23 Nov 2026 17.00 WIB``"""
        at = parse_moment(value).astimezone(JAKARTA)
        return f"{at.day} {MONTHS[self._place][at.month - 1]} {at.year} {at:%H.%M} WIB"

    def named(self, thing: dict[str, Any]) -> str:
        """The name of a product or category in this language."""
        return str((thing.get("name_en") if self._place else "") or thing["name"])

    def described(self, product: dict[str, Any]) -> str:
        """The description of a product in this language."""
        return str((product.get("description_en") if self._place else "") or product.get("description") or "")


__all__ = ["TEXTS", "Words", "format_rupiah", "number", "parse_moment"]
