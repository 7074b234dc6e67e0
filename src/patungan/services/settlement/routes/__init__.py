"""The public API of settlement."""

from patungan.services.settlement.routes import finance, settlements, statements

routes = [*finance.routes, *settlements.routes, *statements.routes]
