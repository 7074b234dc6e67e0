"""The public API of office."""

from patungan.services.office.routes.bank_accounts import bank_account_routes
from patungan.services.office.routes.offices import office_routes
from patungan.services.office.routes.pickups import pickup_routes
from patungan.services.office.routes.work import work_routes

routes = [*office_routes, *bank_account_routes, *work_routes, *pickup_routes]
