"""The public API of logistics."""

from __future__ import annotations

from patungan.services.logistics.routes import administration, rates, shipments, tracking

routes = [*rates.routes, *shipments.routes, *tracking.routes, *administration.routes]
