"""What a process of the storefront holds, and how a handler gets at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from litestar import Request
from litestar.di import NamedDependency

from patungan.kernel.chance import Chance
from patungan.kernel.time import Clock
from patungan.web.api import Api
from patungan.web.categories import Categories
from patungan.web.settings import WebSettings
from patungan.web.visitor import Renewals, Visitor

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Site:
    """The storefront of this process."""

    settings: WebSettings
    api: Api
    renewals: Renewals
    clock: Clock
    chance: Chance
    categories: Categories
    log: structlog.stdlib.BoundLogger

    def visitor(self, request: AnyRequest) -> Visitor:
        """The request's visitor, the same one however often it is asked for."""
        state = request.scope["state"]
        found: Visitor | None = state.get("visitor")
        if found is None:
            found = Visitor(request, self.api, self.renewals, self.clock, self.chance, secure=self.settings.production)
            state["visitor"] = found
        return found


Here = NamedDependency[Visitor]
"""The visitor, as a handler's parameter ``visitor``."""
TheSite = NamedDependency[Site]
"""The site, as ``site``."""


async def form_of(request: AnyRequest) -> dict[str, str]:
    """The fields of a sent form without surrounding space, which only a password may have."""
    fields = (await request.form()).items()
    return {name: value if name == "password" else value.strip() for name, value in fields if isinstance(value, str)}
