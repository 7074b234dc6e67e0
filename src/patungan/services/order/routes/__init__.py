"""The public API of order. Buyers see their own orders, factories and sellers theirs, staff all."""

from patungan.services.order.routes import buying, complaints, office, orders

routes = [*buying.routes, *complaints.routes, *office.routes, *orders.routes]
