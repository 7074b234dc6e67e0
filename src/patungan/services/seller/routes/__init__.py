"""The public API of seller: stores for everybody, their papers and stock for their owners and administrators."""

from patungan.services.seller.routes import inventory, stores

routes = [*inventory.routes, *stores.routes]
