"""What payment says of the books: its audits and reconciliations, the errors of its reports, closings and periods."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.kernel.contract import Message, event
from patungan.kernel.errors import Problem


class AuditResult(Message, frozen=True):
    """What an audit of the whole platform found; ``report`` is the audit's own document, ``broken`` the checks that failed."""

    whole: bool
    broken: list[str]
    report: msgspec.Raw


class AccountNotFound(Problem):
    code, status, title = "account_not_found", 404, "There is no such account in the books"


class LedgerTransactionNotFound(Problem):
    code, status, title = "ledger_transaction_not_found", 404, "There is no such transaction in the books"


class SessionNotInBooks(Problem):
    code, status, title = "session_not_in_books", 404, "The books know nothing of this session"


class PeriodRefused(Problem):
    code, status, title = "period_refused", 409, "The period cannot be closed or opened that way"


class DayRefused(Problem):
    code, status, title = "day_refused", 409, "The day cannot be closed"


class DayNotClosed(Problem):
    code, status, title = "day_not_closed", 404, "This day is not closed"


class AuditNotFound(Problem):
    code, status, title = "audit_not_found", 404, "There is no such audit"


class ReconciliationNotFound(Problem):
    code, status, title = "reconciliation_not_found", 404, "There is no such reconciliation"


class FindingNotFound(Problem):
    code, status, title = "finding_not_found", 404, "There is no such finding"


class FindingResolved(Problem):
    code, status, title = "finding_resolved", 409, "This finding is resolved already"


@event("payment", "books.broken")
class BooksBroken(Message, frozen=True):
    """An audit found the books not whole: somebody must look at once."""

    audit_id: UUID
    broken: list[str]


@event("payment", "reconciliation.differed")
class ReconciliationDiffered(Message, frozen=True):
    """A reconciliation left findings that a person must resolve."""

    reconciliation_id: UUID
    open_findings: int
