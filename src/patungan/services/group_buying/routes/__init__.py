"""The public API of group buying."""

from __future__ import annotations

from patungan.services.group_buying.routes.buying import buying_routes
from patungan.services.group_buying.routes.managing import managing_routes

routes = [*buying_routes, *managing_routes]
