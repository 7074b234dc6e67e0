"""The sixteen services as data: the one place where a seventeenth would be added.

Ports, gateway routes, process sets and deployment files are all derived from this table.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patungan.kernel.service import Service

BOT_USER_ID = "00000000-0000-0000-0000-000000000001"


@dataclass(frozen=True, slots=True)
class GatewayRoute:
    """A public path prefix, ``/api/<prefix>``, and how the gateway hands it on.

    ``stripped`` is the guide's rule for three services (``/api/auth/x`` reaches the service as ``/api/x``);
    ``limited`` is whether the request limit holds there.
    """

    prefix: str
    stripped: bool = False
    limited: bool = True

    @property
    def public(self) -> str:
        return f"/api/{self.prefix}"

    @property
    def upstream(self) -> str:
        return "/api" if self.stripped else self.public


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """What the platform knows of a service without importing it."""

    name: str
    port: int
    purpose: str
    routes: tuple[GatewayRoute, ...]

    @property
    def module(self) -> str:
        """The Python and PostgreSQL name: ``group-buying`` is ``group_buying`` in both."""
        return self.name.replace("-", "_")

    @property
    def prefix(self) -> str:
        """The main path prefix: ``auth`` serves ``/api/auth/...`` and, stripped of it, ``/api/...``."""
        return self.routes[0].prefix

    @property
    def process(self) -> str:
        """The name of the guide, as ``/health`` answers it and the process set lists it: ``auth-service``."""
        return f"{self.name}-service"

    def load(self) -> Service:
        """Import the service's definition (its floor plan, see ARCHITECTURE)."""
        module = importlib.import_module(f"patungan.services.{self.module}.service")
        service: Service = module.service
        return service


SERVICES: tuple[ServiceEntry, ...] = (
    ServiceEntry("auth", 3001, "User authentication and OTP verification", (GatewayRoute("auth", stripped=True),)),
    ServiceEntry(
        "product",
        3002,
        "Product catalogue and variants",
        (GatewayRoute("products", stripped=True), GatewayRoute("categories"), GatewayRoute("images")),
    ),
    ServiceEntry("factory", 3003, "Factory profiles and verification", (GatewayRoute("factories"),)),
    ServiceEntry("group-buying", 3004, "Group-buying sessions, MOQ, tier pricing", (GatewayRoute("group-buying"),)),
    ServiceEntry(
        "payment",
        3005,
        "Xendit payments, escrow, refunds",
        (
            *(GatewayRoute("payments"), GatewayRoute("refunds"), GatewayRoute("transactions"), GatewayRoute("reports")),
            *(GatewayRoute("audits"), GatewayRoute("reconciliations")),
            GatewayRoute("webhooks/payment", limited=False),
            GatewayRoute("webhooks/refund", limited=False),
            GatewayRoute("webhooks/xendit", limited=False),
        ),
    ),
    ServiceEntry("order", 3006, "Orders and fulfilment", (GatewayRoute("orders"),)),
    ServiceEntry("notification", 3007, "In-app, push, e-mail and SMS notifications", (GatewayRoute("notifications"),)),
    ServiceEntry("warehouse", 3008, "Inventory, purchase orders, stock allocation", (GatewayRoute("warehouse"),)),
    ServiceEntry("review", 3009, "Product and factory reviews", (GatewayRoute("reviews"),)),
    ServiceEntry(
        "wallet",
        3010,
        "User wallet, credits, withdrawals",
        (
            GatewayRoute("wallet", stripped=True),
            GatewayRoute("withdrawals"),
            GatewayRoute("webhooks/disbursement", limited=False),
        ),
    ),
    ServiceEntry(
        "logistics",
        3011,
        "Shipping rates, booking and tracking",
        (GatewayRoute("logistics"), GatewayRoute("webhooks/logistics", limited=False)),
    ),
    ServiceEntry("seller", 3012, "Sellers and their inventory", (GatewayRoute("sellers"),)),
    ServiceEntry("settlement", 3013, "Factory settlements and payouts", (GatewayRoute("settlements"),)),
    ServiceEntry(
        "office",
        3014,
        "Agent offices",
        (GatewayRoute("offices"), GatewayRoute("pickup-tasks"), GatewayRoute("interactions")),
    ),
    ServiceEntry("address", 3015, "Addresses and locations", (GatewayRoute("addresses"), GatewayRoute("regions"))),
    ServiceEntry("whatsapp", 3016, "WhatsApp messages to factories and buyers", (GatewayRoute("whatsapp"),)),
)

WEB_PORT = 3000
SANDBOX_PORT = 3900
GATEWAY_PORT = 8080


def service_named(name: str) -> ServiceEntry:
    """Find a service by ``auth``, ``auth-service`` or ``group_buying``; raises KeyError for an unknown name."""
    wanted = name.removesuffix("-service").replace("_", "-")
    for entry in SERVICES:
        if entry.name == wanted:
            return entry
    raise KeyError(f"no service is called {name!r}; the services are {', '.join(entry.name for entry in SERVICES)}")
