"""Refusals and failures as pages: sign in first, not found, not available, and why something cannot be done."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.response import Redirect, Template

from patungan.web.api import ApiProblem
from patungan.web.rendering import local_path, render
from patungan.web.site import AnyRequest, Site
from patungan.web.visitor import SignInNeeded


def _site(request: AnyRequest) -> Site:
    site: Site = request.app.state.site
    return site


def _next(request: AnyRequest) -> str:
    """Where to go on after signing in: this page, or the page that the form or the fragment was on."""
    if request.method == "GET" and "HX-Request" not in request.headers:
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    referrer = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    page = urlsplit(referrer)
    return local_path(page.path + (f"?{page.query}" if page.query else "")) or "/"


def ask_to_sign_in(request: AnyRequest, _: SignInNeeded) -> Response[Any]:
    """Send the browser to the sign-in page, and back afterwards."""
    address = "/login?" + urlencode({"next": _next(request)})
    if "HX-Request" in request.headers:
        return Response(b"", status_code=200, headers={"HX-Redirect": address}, media_type=MediaType.HTML)
    return Redirect(address, status_code=303)


def show_problem(request: AnyRequest, problem: ApiProblem) -> Template:
    """The page for what a service refused or could not do."""
    if problem.status == 404:
        return _page(request, 404, "404")
    if problem.passing:
        _site(request).log.warning("page not available", code=problem.code, detail=problem.detail)
        status = 429 if problem.status == 429 else 503
        return _page(request, status, "503", problem, {"Retry-After": "2"})
    if problem.status >= 500:
        return _page(request, 500, "500")
    return _page(request, problem.status, "other", problem)


def show_http_failure(request: AnyRequest, error: HTTPException) -> Template:
    """The page for what the storefront itself refused; 403 can only be a form's token here."""
    if error.status_code in (404, 405):
        return _page(request, error.status_code, "404")
    if error.status_code >= 500:
        return show_bug(request, error)
    key = {403: "error.form", 429: "error.too_many"}.get(error.status_code, "error.input")
    return _page(request, error.status_code, "other", text=key)


def show_bug(request: AnyRequest, error: Exception) -> Template:
    """The page for a fault of ours, and a line in the log."""
    _site(request).log.error("unhandled error", path=request.url.path, exc_info=error)
    return _page(request, 500, "500")


def _page(
    request: AnyRequest,
    status: int,
    kind: str,
    problem: ApiProblem | None = None,
    headers: dict[str, str] | None = None,
    text: str | None = None,
) -> Template:
    visitor = _site(request).visitor(request)
    name = "failure_fragment.html" if "HX-Request" in request.headers else "failure.html"
    return render(
        visitor, name, status=status, headers=headers, kind=kind, text=text, refusal=problem, path=request.url.path
    )
