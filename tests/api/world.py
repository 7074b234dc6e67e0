"""Every identity that the platform knows, and a few things that exist, for tests over all routes of all services."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from litestar.handlers import HTTPRouteHandler

from patungan.kernel.identity import Audience, Caller, Role, Scope
from patungan.registry import SERVICES, ServiceEntry
from tests.house import House
from tests.market import Market

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CONVERTER = re.compile(r":\w+}")

CALLERS: dict[str, tuple[Role, frozenset[Scope]]] = {
    "customer": (Role.CUSTOMER, frozenset()),
    "factory owner": (Role.FACTORY_OWNER, frozenset()),
    "seller": (Role.SELLER, frozenset()),
    "agent": (Role.OFFICE_STAFF, frozenset()),
    "warehouse": (Role.OFFICE_STAFF, frozenset({Scope.WAREHOUSE})),
    "finance": (Role.OFFICE_STAFF, frozenset({Scope.FINANCE})),
    "admin": (Role.ADMIN, frozenset()),
    "super admin": (Role.ADMIN, frozenset({Scope.SUPER_ADMIN, Scope.FINANCE, Scope.WAREHOUSE})),
}
"""The identities of people; ``public`` is nobody and ``service`` another service."""

IDENTITIES = ("public", *CALLERS, "service")


@dataclass(frozen=True)
class Route:
    """One method on one path of one service."""

    service: ServiceEntry
    handler: HTTPRouteHandler
    method: str
    template: str

    @property
    def path(self) -> str:
        """As OpenAPI writes it: ``/api/orders/{order_id}``."""
        return _CONVERTER.sub("}", self.template)

    @property
    def audiences(self) -> tuple[Audience, ...]:
        return cast(tuple[Audience, ...], self.handler.opt["audience"])

    @property
    def is_open_to_all(self) -> bool:
        return any(each in (Audience.PUBLIC, Audience.PROVIDER) for each in self.audiences)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def all_routes() -> list[Route]:
    """Every public route of every service."""
    return [
        Route(entry, handler, method, path)
        for entry in SERVICES
        for handler in entry.load().routes
        for method in sorted(handler.http_methods)
        if method not in ("OPTIONS", "HEAD")
        for path in sorted(handler.paths)
    ]


@dataclass
class World:
    """A house in which things were bought, with somebody of every identity."""

    house: House
    callers: dict[str, Caller]
    known: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    async def furnish(cls, house: House) -> World:
        """Open a market with a session that was joined and paid for, and make the people."""
        market = await Market.open(house)
        await market.stock(100)
        session = await market.session(target_moq=4)
        buyer = await market.buyer()
        joined = await buyer.join(session, 1)
        await buyer.pay(joined)
        await market.paid_units(session, 1)
        waiting = await buyer.join(session, 1)
        callers = {name: (await house.person(role, *scopes)).caller for name, (role, scopes) in CALLERS.items()}
        # A buyer with purchases and an owner with a factory meet more than strangers do.
        callers["customer"] = Caller(buyer.id, Role.CUSTOMER)
        callers["factory owner"] = Caller(market.owner.id, Role.FACTORY_OWNER)
        world = cls(house, callers)
        for path, document in (("sessions", session), ("payments", waiting), ("payments", joined)):
            world.learn(f"/api/{path}", document)
        world.learn("/api/products", market.product)
        world.learn("/api/warehouses", market.warehouse)
        world.learn("/api/addresses", {"id": buyer.address_id})
        return world

    def headers(self, identity: str, service: str) -> dict[str, str]:
        """The headers by which an identity calls a service."""
        if identity == "public":
            return {}
        token = self.house.service_token(service) if identity == "service" else self.house.token(self.callers[identity])
        return {"Authorization": f"Bearer {token}"}

    def learn(self, path: str, document: Any) -> None:
        """Remember the ids in an answer by the parameters that take them: ``id`` of ``/api/orders`` as ``order_id``."""
        self._read(document, _parameter_of(path))

    def _read(self, value: Any, own: str) -> None:
        if isinstance(value, list):
            for each in value[:5]:
                self._read(each, own)
            return
        if not isinstance(value, dict):
            return
        for name, each in value.items():
            if isinstance(each, str) and (_ID.fullmatch(each) or name in ("code", "slug", "number", "waybill")):
                self._remember(own if name == "id" else name, each)
            elif isinstance(each, dict | list):
                self._read(each, own if name == "items" else f"{name.removesuffix('s')}_id")

    def _remember(self, parameter: str, value: str) -> None:
        values = self.known.setdefault(parameter, [])
        if value not in values:
            values[:] = [value, *values[:4]]


def _parameter_of(path: str) -> str:
    nouns = [part for part in path.split("/") if part and "{" not in part and not _ID.fullmatch(part)]
    noun = nouns[-1].replace("-", "_")
    singular = noun.removesuffix("ies") + "y" if noun.endswith("ies") else noun.removesuffix("s")
    return f"{singular}_id"


def address(route: Route) -> str:
    """The path with an id in it that nothing has."""
    samples = {"uuid": str(NOBODY), "int": "1", "date": "2026-03-02"}
    return re.sub(r"\{\w+:(\w+)\}", lambda found: samples.get(found.group(1), "nothing-of-that-name"), route.template)


def is_let_in(identity: str, audiences: Iterable[Audience]) -> bool:
    """Whether a route for these audiences lets the identity in, by DOMAIN.md's roles and not by the code under test."""
    named = {str(each) for each in audiences}
    if named & {"public", "provider"}:
        return True
    if identity in ("public", "service"):
        return identity in named
    if "customer" in named or identity in named or (identity == "super admin" and "admin" in named):
        return True
    # Whoever administers the platform stands in for those who work on it; money needs the finance scope.
    return (
        identity in ("admin", "super admin")
        and bool(named & {"factory owner", "seller", "agent", "warehouse"})
        or (identity == "super admin" and "finance" in named)
        or (identity in ("warehouse", "finance") and "agent" in named)
    )


NOBODY = UUID("01981f2e-7c00-7000-8000-00000000dead")
"""An id that nothing has."""
