"""Both languages are whole, templates name only texts and files that exist, and sums and times are written as they must be."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patungan.kernel.errors import known_problems
from patungan.web.api import ApiProblem
from patungan.web.assets import FOLDER as STATIC
from patungan.web.assets import assets, version
from patungan.web.paging import page_of, pages
from patungan.web.rendering import FOLDER, local_path, web_link
from patungan.web.routes.docs import declared_problems
from patungan.web.sessions import bar_of
from patungan.web.texts import TEXTS, Words
from patungan.web.texts.problems import PROBLEMS
from patungan.web.visitor import preferred_language

TEMPLATES = sorted(FOLDER.glob("*.html"))
NAMED = re.compile(r"""\bt\(\s*'([a-z0-9_.]+)'(?! ~)|words\.count\(\s*'([a-z0-9_.]+)'""")


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_texts_say_the_same_in_both_languages() -> None:
    for key, (indonesian, english) in {**TEXTS, **PROBLEMS}.items():
        assert indonesian.strip() and english.strip(), key
        assert _places(indonesian) == _places(english), key


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_templates_name_only_texts_that_exist(file: Path) -> None:
    for found in NAMED.findall(file.read_text()):
        assert (found[0] or found[1]) in TEXTS


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_templates_hold_no_inline_script_or_style(file: Path) -> None:
    source = file.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", source)
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|hx-on", source)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_every_form_that_is_posted_carries_its_token(file: Path) -> None:
    source = file.read_text()
    for form in re.findall(r"<form\b.*?</form>", source, re.DOTALL):
        if 'method="post"' in form:
            assert "form_token()" in form


def test_every_text_is_used() -> None:
    python = "".join(file.read_text() for file in FOLDER.parent.rglob("*.py") if file.parent.name != "texts")
    used = "".join(file.read_text() for file in TEMPLATES) + python
    built = (
        *("notice.", "home.step", "home.show.", "home.sort.", "error.", "goods.facet.", "goods.sort."),
        *("payment.progress.", "settlements.kind.", "review.sort."),
    )
    for key in TEXTS:
        if ".state." not in key and not key.endswith(".one") and not key.startswith(built):
            assert re.search(rf"['\"]{re.escape(key)}['\"]", used), f"{key} is used nowhere"


def test_texts_of_problems_are_of_problems_that_exist() -> None:
    assert declared_problems()
    assert set(PROBLEMS) <= set(known_problems())


def test_amounts_and_times_are_written_for_indonesia() -> None:
    indonesian, english = Words("id"), Words("en")
    at = datetime(2026, 5, 31, 17, 30, tzinfo=UTC)
    assert indonesian.moment(at) == "1 Jun 2026 00.30 WIB"
    assert english.moment("2026-05-01T10:00:00Z") == "1 May 2026 17.00 WIB"
    assert indonesian.moment("2026-05-01T10:00:00Z") == "1 Mei 2026 17.00 WIB"
    assert english.count("session.units", 1) == "1 unit"
    assert english.count("session.units", 1250) == "1.250 units"


def test_an_error_that_only_programs_meet_is_shown_by_its_title() -> None:
    words = Words("id")
    assert words.problem(ApiProblem("otp_invalid", 400)) == "Kode salah."
    assert words.problem(ApiProblem("sku_taken", 409)) == "This SKU is used already"
    assert words.problem(ApiProblem("never_heard_of", 400, "Said by the service")) == "Said by the service"


@pytest.mark.parametrize(
    ("cookie", "accept", "language"),
    [
        ("en", "id", "en"),
        ("fr", "en", "en"),
        (None, "", "id"),
        (None, "de-DE,de;q=0.9", "id"),
        (None, "id;q=0.3,en-US;q=0.7", "en"),
        (None, "en;q=0", "id"),
        (None, "en;q=nonsense", "id"),
        (None, "," * 500, "id"),
    ],
)
def test_the_language_is_the_chosen_one_or_the_browser_s(cookie: str | None, accept: str, language: str) -> None:
    assert preferred_language(cookie, accept) == language


@pytest.mark.parametrize(
    "address",
    [
        "//host",
        "/\\host",
        "https://host/",
        "javascript:alert(1)",
        "orders",
        "",
        None,
        "/a\nb",
        "/" + "a" * 500,
        "/\t/host",
    ],
)
def test_only_paths_of_this_site_are_gone_on_to(address: str | None) -> None:
    assert local_path(address) is None


def test_links_in_notifications_are_paths_or_web_addresses() -> None:
    assert web_link("/orders/ORD-1") == "/orders/ORD-1"
    assert web_link("https://example.com/") == "https://example.com/"
    assert web_link("javascript:alert(1)") is None
    assert web_link("//host") is None


@pytest.mark.parametrize(
    ("paid", "platform", "held", "widths"),
    [
        (0, 0, 0, (0, 0, 0)),
        (10, 15, 5, (10, 15, 5)),
        (95, 0, 20, (95, 0, 5)),
        (130, 0, 20, (100, 0, 0)),
    ],
)
def test_the_bar_never_exceeds_its_length(paid: int, platform: int, held: int, widths: tuple[int, ...]) -> None:
    bar = bar_of({"target_moq": 100, "paid_quantity": paid, "platform_quantity": platform, "held_quantity": held})
    assert (bar.people, bar.platform, bar.held) == widths


def test_pages_are_linked_only_where_they_are() -> None:
    assert pages("/", 1, 12, 0) == pages("/", 1, 12, 12)
    middle = pages("/", 2, 12, 36, q="teh & kopi", show="")
    assert (middle.previous, middle.following) == ("/?q=teh+%26+kopi", "/?q=teh+%26+kopi&page=3")
    assert pages("/", 3, 12, 36).following is None
    assert [page_of(text) for text in ("7", "0", "-1", "x", "٣", "99999999")] == [7, 1, 1, 1, 1, 1]


def test_static_files_have_an_address_that_changes_with_them() -> None:
    assert {"css/base.css", "css/parts.css", "css/pages.css", "patungan.js", "vendor/htmx.min.js", "logo.svg"} <= set(
        assets()
    )
    assert re.fullmatch(r"[0-9a-f]{12}", version())
    licences = {file.name for file in (STATIC / "vendor").glob("*.LICENSE.txt")}
    assert licences == {"htmx.LICENSE.txt", "plus-jakarta-sans.LICENSE.txt"}
