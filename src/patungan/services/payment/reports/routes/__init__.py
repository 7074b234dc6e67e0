"""The public API of the books: reports, exports, closings, periods, audits."""

from patungan.services.payment.reports.routes import accounts, audits, exports, periods, summaries

routes = [*accounts.routes, *summaries.routes, *periods.routes, *audits.routes, *exports.routes]
