"""The storefront as an ASGI application."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Litestar
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import MutableScopeHeaders, State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Message, Scope

from patungan.kernel import logs
from patungan.kernel.chance import Chance, SystemChance
from patungan.kernel.time import Clock, SystemClock
from patungan.web import assets, failures
from patungan.web.api import Api, ApiProblem
from patungan.web.categories import Categories
from patungan.web.rendering import template_config
from patungan.web.routes import (
    accounts,
    addresses,
    buying,
    docs,
    goods,
    home,
    operational,
    own,
    payments,
    reviews,
    sessions,
    settlements,
    wallet,
)
from patungan.web.security import add_security_headers
from patungan.web.settings import service_urls, web_settings
from patungan.web.site import AnyRequest, Site
from patungan.web.visitor import Renewals, SignInNeeded, Visitor

MAX_FORM_BYTES = 100_000


async def finish_answer(message: Message, scope: Scope) -> None:
    """Add to every answer what it has in common: the visitor's cookies, the security headers, how long it may be kept."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    visitor: Visitor | None = scope["state"].get("visitor")
    if visitor is not None:
        for cookie in visitor.cookies:
            headers.add("set-cookie", cookie.to_header(header=""))
        headers.setdefault("Cache-Control", "no-store" if visitor.signed_in else "no-cache")
        headers.setdefault("Vary", "Cookie, Accept-Language")
    add_security_headers(headers)


def create_web(environment: Mapping[str, str], clock: Clock | None = None, chance: Chance | None = None) -> ASGIApp:
    """The storefront for the services that the environment names; raises SettingsError."""
    settings = web_settings(environment)
    api = Api(service_urls(environment))
    time = clock or SystemClock()
    categories = Categories(api, time)
    site = Site(settings, api, Renewals(api), time, chance or SystemChance(), categories, logs.logger("web"))

    async def provide_site() -> Site:
        return site

    async def provide_visitor(request: AnyRequest) -> Visitor:
        return site.visitor(request)

    return Litestar(
        route_handlers=[
            assets.static_file,
            *home.routes,
            *goods.routes,
            *sessions.routes,
            *accounts.routes,
            *addresses.routes,
            *payments.routes,
            *own.routes,
            *buying.routes,
            *reviews.routes,
            *wallet.routes,
            *settlements.routes,
            *docs.routes,
            *operational.routes,
        ],
        dependencies={"site": Provide(provide_site), "visitor": Provide(provide_visitor)},
        template_config=template_config(),
        csrf_config=CSRFConfig(
            secret=settings.form_secret,
            cookie_name="patungan_form",
            cookie_secure=settings.production,
            cookie_httponly=True,
            exclude=["^/static/", "^/health$", "^/ready$"],
        ),
        exception_handlers={
            SignInNeeded: failures.ask_to_sign_in,
            ApiProblem: failures.show_problem,
            HTTPException: failures.show_http_failure,
            Exception: failures.show_bug,
        },
        before_send=[finish_answer],
        on_shutdown=[api.close],
        openapi_config=None,
        request_max_body_size=MAX_FORM_BYTES,
        state=State({"site": site}),
        logging_config=None,
        debug=False,
    )
