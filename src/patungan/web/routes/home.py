"""The first page: sessions as cards, to search and to page through; and the choice of language."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from patungan.web.paging import page_of, pages
from patungan.web.rendering import local_path, render
from patungan.web.sessions import shown
from patungan.web.site import AnyRequest, Here, form_of
from patungan.web.visitor import LANGUAGES

LIMIT = 12


@get("/")
async def home(
    visitor: Here, q: FromQuery[str] = "", show: FromQuery[str] = "open", page: FromQuery[str] = "1"
) -> Template:
    query = q.strip()[:100]
    wanted = "all" if show == "all" else "open"
    number = page_of(page)
    found: dict[str, Any] = await visitor.look(
        "group-buying",
        "/api/group-buying",
        q=query,
        open="true" if wanted == "open" else None,
        page=number,
        limit=LIMIT,
    )
    return render(
        visitor,
        "home.html",
        sessions=[shown(each, visitor.now) for each in found["items"]],
        total=found["total"],
        paging=pages("/", number, LIMIT, found["total"], q=query, show=wanted if wanted != "open" else ""),
        q=query,
        show=wanted,
        welcome=number == 1 and not query and wanted == "open" and not visitor.signed_in,
    )


@post("/language", status_code=303)
async def choose_language(visitor: Here, request: AnyRequest) -> Redirect:
    form = await form_of(request)
    for language in LANGUAGES:
        if form.get("language") == language:
            visitor.keep_language(language)
    return Redirect(local_path(form.get("next")) or "/", status_code=303)


routes = [home, choose_language]
