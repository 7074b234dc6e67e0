"""The public API of product: the shop's catalogue, and what owners and administrators do to it.

The gateway strips ``/api/products`` to ``/api``; the kernel restores it (DOMAIN.md C-12).
"""

from __future__ import annotations

from patungan.services.product.routes.categories import category_routes
from patungan.services.product.routes.images import image_routes
from patungan.services.product.routes.owners import owner_routes
from patungan.services.product.routes.sheets import sheet_routes
from patungan.services.product.routes.shop import shop_routes
from patungan.services.product.routes.variants import variant_routes

routes = [*shop_routes, *owner_routes, *variant_routes, *image_routes, *sheet_routes, *category_routes]
