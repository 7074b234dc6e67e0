"""The public API of the wallet."""

from patungan.services.wallet.routes import finance, statements, webhooks, withdrawals

routes = [*statements.routes, *withdrawals.routes, *finance.routes, *webhooks.routes]
