"""Registering, signing in and out, and setting a new password by a code."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from patungan.web.api import ApiProblem
from patungan.web.rendering import local_path, render
from patungan.web.routes.limits import forget_old_tries, limited
from patungan.web.site import AnyRequest, Here, Site, TheSite, form_of
from patungan.web.visitor import Visitor


def _sandbox(site: Site) -> str:
    return "" if site.settings.production else site.settings.sandbox_url.rstrip("/")


def _go_on(form: dict[str, str], fallback: str) -> Redirect:
    return Redirect(local_path(form.get("next")) or fallback, status_code=303)


def _login_page(visitor: Visitor, following: str | None, **context: Any) -> Template:
    refusal: ApiProblem | None = context.get("refusal")
    given = {"next": local_path(following) or "/", "refusal": None, "phone": "", **context}
    return render(visitor, "login.html", status=refusal.status if refusal else 200, **given)


@get("/login")
async def show_login(
    visitor: Here, next: FromQuery[str | None] = None, notice: FromQuery[str | None] = None
) -> Template:
    return _login_page(visitor, next, notice=notice)


@post("/login", status_code=303, middleware=[limited], after_response=forget_old_tries)
async def login(visitor: Here, request: AnyRequest) -> Redirect | Template:
    form = await form_of(request)
    phone = form.get("phone", "")
    try:
        tokens = await visitor.post("auth", "/api/auth/login", {"phone": phone, "password": form.get("password", "")})
    except ApiProblem as refusal:
        return _login_page(visitor, form.get("next"), refusal=refusal, phone=phone)
    visitor.keep_tokens(tokens)
    return _go_on(form, "/")


@get("/account")
async def show_account(visitor: Here) -> Template:
    visitor.must_be_signed_in()
    return render(visitor, "account.html", account=await visitor.section("auth", "/api/auth/me"))


@post("/logout", status_code=303)
async def logout(visitor: Here) -> Redirect:
    if visitor.refresh_token:
        # Where auth cannot be reached the browser forgets the session all the same.
        await visitor.attempt("auth", "/api/auth/logout", {"refresh_token": visitor.refresh_token})
    visitor.forget_tokens()
    return Redirect("/login?notice=signed_out", status_code=303)


def _code_page(
    visitor: Visitor, site: Site, purpose: str, form: dict[str, str], refusal: ApiProblem | None, **context: Any
) -> Template:
    """The first step (the number) or, once a code was sent, the second (the code and the rest)."""
    given = {"sent": False, "minutes": 5, **context}
    status = refusal.status if refusal else 200
    shown = {name: form.get(name, "") for name in ("phone", "first_name", "last_name")}
    return render(
        visitor,
        "register.html" if purpose == "signup" else "reset.html",
        status=status,
        form=shown,
        next=local_path(form.get("next")) or "/",
        refusal=refusal,
        sandbox=_sandbox(site),
        **given,
    )


async def _send_code(visitor: Visitor, site: Site, purpose: str, form: dict[str, str]) -> Template:
    again = form.get("again") == "yes"
    try:
        sent = await visitor.post("auth", "/api/auth/otp", {"phone": form.get("phone", ""), "purpose": purpose})
    except ApiProblem as refusal:
        return _code_page(visitor, site, purpose, form, refusal, sent=again)
    return _code_page(visitor, site, purpose, form, None, sent=True, minutes=int(sent["expires_in"]) // 60)


@get("/register")
async def show_register(visitor: Here, site: TheSite, next: FromQuery[str | None] = None) -> Template:
    return _code_page(visitor, site, "signup", {"next": next or ""}, None)


@post("/register/code", status_code=200, middleware=[limited], after_response=forget_old_tries)
async def send_signup_code(visitor: Here, site: TheSite, request: AnyRequest) -> Template:
    return await _send_code(visitor, site, "signup", await form_of(request))


@post("/register", status_code=303, middleware=[limited], after_response=forget_old_tries)
async def register(visitor: Here, site: TheSite, request: AnyRequest) -> Redirect | Template:
    form = await form_of(request)
    wanted = {name: form.get(name, "") for name in ("phone", "first_name", "last_name", "password", "otp")}
    try:
        visitor.keep_tokens(await visitor.post("auth", "/api/auth/signup", wanted))
    except ApiProblem as refusal:
        return _code_page(visitor, site, "signup", form, refusal, sent=True)
    return _go_on(form, "/?notice=welcome")


@get("/reset-password")
async def show_reset(visitor: Here, site: TheSite) -> Template:
    return _code_page(visitor, site, "reset_password", {}, None)


@post("/reset-password/code", status_code=200, middleware=[limited], after_response=forget_old_tries)
async def send_reset_code(visitor: Here, site: TheSite, request: AnyRequest) -> Template:
    return await _send_code(visitor, site, "reset_password", await form_of(request))


@post("/reset-password", status_code=303, middleware=[limited], after_response=forget_old_tries)
async def reset(visitor: Here, site: TheSite, request: AnyRequest) -> Redirect | Template:
    form = await form_of(request)
    wanted = {name: form.get(name, "") for name in ("phone", "otp", "password")}
    try:
        await visitor.post("auth", "/api/auth/password-reset", wanted)
    except ApiProblem as refusal:
        return _code_page(visitor, site, "reset_password", form, refusal, sent=True)
    return Redirect("/login?notice=password_reset", status_code=303)


@get("/register/code")
async def restart_register() -> Redirect:
    """The address of the second step, opened anew: the first."""
    return Redirect("/register", status_code=303)


@get("/reset-password/code")
async def restart_reset() -> Redirect:
    return Redirect("/reset-password", status_code=303)


routes = [
    *(restart_register, restart_reset, show_account),
    *(show_login, login, logout, show_register, send_signup_code, register, show_reset, send_reset_code, reset),
]
