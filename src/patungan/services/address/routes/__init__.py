"""The public API of address."""

from __future__ import annotations

from patungan.services.address.routes import addresses, administration, regions

routes = [*addresses.routes, *regions.routes, *administration.routes]
