"""The public API of warehouse: staff see and move all stock, a factory's owner the own purchase orders and bundles."""

from __future__ import annotations

from patungan.services.warehouse.routes import bundles, desk, purchase_orders, stock

routes = [*stock.routes, *desk.routes, *purchase_orders.routes, *bundles.routes]
