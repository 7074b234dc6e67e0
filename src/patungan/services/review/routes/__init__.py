"""The public API of review."""

from patungan.services.review.routes.buyers import buyer_routes
from patungan.services.review.routes.desk import desk_routes
from patungan.services.review.routes.public import public_routes

routes = [*public_routes, *buyer_routes, *desk_routes]
