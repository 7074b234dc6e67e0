"""The public API of payment: a buyer's payments, finance's lists, and the provider's webhooks."""

from patungan.services.payment.reconciliation.routes import routes as reconciliation_routes
from patungan.services.payment.reports.routes import routes as report_routes
from patungan.services.payment.routes.payments import (
    all_payments,
    open_payment,
    own_payment,
    own_payments,
)
from patungan.services.payment.routes.refunds import all_refunds, retry
from patungan.services.payment.routes.webhooks import invoice_webhook, payment_webhook

routes = [
    own_payments,
    all_payments,
    own_payment,
    open_payment,
    all_refunds,
    retry,
    payment_webhook,
    invoice_webhook,
    *report_routes,
    *reconciliation_routes,
]
