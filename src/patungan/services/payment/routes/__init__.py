"""The public API of payment: a buyer's payments, finance's lists and decisions, and the provider's webhooks."""

from patungan.services.payment.reconciliation.routes import routes as reconciliation_routes
from patungan.services.payment.reports.routes import routes as report_routes
from patungan.services.payment.routes.exceptions import (
    process_again,
    quarantined,
    resolve_quarantine,
    webhook_body,
    webhook_events,
)
from patungan.services.payment.routes.payments import (
    all_payments,
    open_payment,
    open_payment_of_code,
    own_payment,
    own_payments,
    pay_from_wallet,
    payment_of_code,
    payments_of_order,
    receipt,
)
from patungan.services.payment.routes.refunds import all_refunds, retry
from patungan.services.payment.routes.requests import (
    all_requests,
    approve_request,
    ask_for_refund,
    own_requests,
    refund,
    reject_request,
)
from patungan.services.payment.routes.webhooks import invoice_webhook, payment_webhook

routes = [
    own_payments,
    all_payments,
    own_payment,
    open_payment,
    pay_from_wallet,
    receipt,
    payments_of_order,
    payment_of_code,
    open_payment_of_code,
    all_refunds,
    retry,
    refund,
    ask_for_refund,
    own_requests,
    all_requests,
    approve_request,
    reject_request,
    quarantined,
    resolve_quarantine,
    webhook_events,
    webhook_body,
    process_again,
    payment_webhook,
    invoice_webhook,
    *report_routes,
    *reconciliation_routes,
]
