"""The first page: sessions as cards, to search, narrow, sort and page through; and the choice of language."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from patungan.web.categories import below
from patungan.web.paging import page_of, pages
from patungan.web.rendering import local_path, render
from patungan.web.sessions import shown
from patungan.web.site import AnyRequest, Here, TheSite, form_of
from patungan.web.visitor import LANGUAGES

LIMIT = 12


SHOWN: dict[str, dict[str, str]] = {
    "open": {"open": "true"},
    "soon": {"ending_within": "24"},
    "coming": {"phase": "scheduled"},
    "all": {},
}
"""What the list may be narrowed to, as the service is asked for it."""
SORTS = ("ending", "newest", "cheapest", "popular", "fullest")


@get("/")
async def home(
    visitor: Here,
    site: TheSite,
    q: FromQuery[str] = "",
    show: FromQuery[str] = "open",
    category: FromQuery[str] = "",
    sort: FromQuery[str] = "",
    page: FromQuery[str] = "1",
) -> Template:
    query = q.strip()[:100]
    wanted = show if show in SHOWN else "open"
    order = sort if sort in SORTS else SORTS[0]
    number = page_of(page)
    categories = await site.categories.all()
    ids = below(categories, category)
    slug = category if ids else ""
    found: dict[str, Any] = await visitor.look(
        "group-buying",
        "/api/group-buying",
        q=query,
        category_id=ids or None,
        sort=order,
        page=number,
        limit=LIMIT,
        **SHOWN[wanted],
    )
    kept = {
        "q": query,
        "show": wanted if wanted != "open" else "",
        "category": slug,
        "sort": order if order != SORTS[0] else "",
    }
    return render(
        visitor,
        "home.html",
        sessions=[shown(each, visitor.now) for each in found["items"]],
        total=found["total"],
        paging=pages("/", number, LIMIT, found["total"], **kept),
        q=query,
        show=wanted,
        shows=list(SHOWN),
        category=slug,
        categories=categories,
        sort=order,
        sorts=SORTS,
        welcome=number == 1 and not any(kept.values()) and not visitor.signed_in,
    )


@post("/language", status_code=303)
async def choose_language(visitor: Here, request: AnyRequest) -> Redirect:
    form = await form_of(request)
    for language in LANGUAGES:
        if form.get("language") == language:
            visitor.keep_language(language)
    return Redirect(local_path(form.get("next")) or "/", status_code=303)


routes = [home, choose_language]
