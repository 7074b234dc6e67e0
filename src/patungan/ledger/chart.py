"""The chart of accounts: every kind of account with its class, whose it is, and what it holds, as the migrations declare it.

``docs/chart-of-accounts.md`` is made from it, and a test holds it equal to the database's ``ledger.account_kinds``.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MIGRATIONS: Final = Path(__file__).parent / "migrations"

_STATEMENT: Final = re.compile(
    r"insert into account_kinds \(kind, class, per, guarded, purpose\) values(.*?);", re.DOTALL
)
_ROW: Final = re.compile(r"\('(\w+)', '(\w+)', '(\w+)', (true|false), '((?:[^']|'')*)'\)")


class AccountClass(enum.StrEnum):
    """A debit raises assets and expenses, a credit liabilities and revenue."""

    ASSET = "asset"
    LIABILITY = "liability"
    REVENUE = "revenue"
    EXPENSE = "expense"

    @property
    def normal_side(self) -> str:
        return "debit" if self in (AccountClass.ASSET, AccountClass.EXPENSE) else "credit"


@dataclass(frozen=True, slots=True)
class AccountKind:
    """``per`` is platform for a single account, else one account for each session, order, user, factory, seller or office. The
    balance of a ``guarded`` kind cannot go below zero."""

    kind: str
    account_class: AccountClass
    per: str
    guarded: bool
    purpose: str

    @property
    def code(self) -> str:
        """How the codes of its accounts read: ``bank``, ``escrow/<session id>``."""
        return self.kind if self.per == "platform" else f"{self.kind}/<{self.per} id>"


def chart() -> list[AccountKind]:
    """Every kind in the order in which it was declared."""
    return [
        AccountKind(kind, AccountClass(account_class), per, guarded == "true", purpose.replace("''", "'"))
        for file in sorted(MIGRATIONS.glob("*.sql"))
        for statement in _STATEMENT.findall(file.read_text())
        for kind, account_class, per, guarded, purpose in _ROW.findall(statement)
    ]


def page() -> str:
    """The chart of accounts as a page of Markdown."""
    lines = [
        "# Chart of accounts",
        "",
        "Made by `python -m patungan.operations.documents` from `ledger/migrations/`; the test command fails when it is stale.",
        "Amounts are whole rupiah. A *guarded* account cannot go below zero: the database refuses it.",
    ]
    for account_class in AccountClass:
        lines += ["", f"## {account_class.value.title()} (normal side: {account_class.normal_side})", ""]
        lines += ["| account | guarded | what it holds |", "|---|---|---|"]
        lines += [
            f"| `{each.code}` | {'yes' if each.guarded else ''} | {each.purpose} |"
            for each in chart()
            if each.account_class is account_class
        ]
    return "\n".join(lines) + "\n"
