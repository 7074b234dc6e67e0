"""What happens in one round of chaos: drawn from a seed alone, so that the same seed plans the same round again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

SECONDS = 2.0
"""How long a round's trade goes on, in seconds of the machine's clock, and its troubles with it."""
PAYDAY_SECONDS = 0.8
"""How long a payday's troubles go on."""
BUYERS = 14
PURCHASES = 84
WITHDRAWALS = 16
STALLS = 3
"""Sellers whose goods the orders hold."""

METHODS = (
    ("BANK_TRANSFER", "BCA"),
    ("BANK_TRANSFER", "MANDIRI"),
    ("EWALLET", "OVO"),
    ("EWALLET", "DANA"),
    ("QR_CODE", "QRIS"),
    ("CREDIT_CARD", "CREDIT_CARD"),
)
ENDS = ("paid", "paid", "paid", "paid", "paid", "paid", "unpaid", "cancelled", "late", "other_amount", "told_twice")
AFTERWARDS = ("keep", "refund", "refund_part", "release", "release", "release", "release_and_refund")
ACCOUNTS = ("good", "good", "good", "good", "failing", "returning", "late_failing")

READS = ("get_invoice", "list_invoices", "get_refund", "list_refunds", "get_payout", "list_payouts", "get_balance")
WRITES = ("create_invoice", "expire_invoice", "create_refund", "create_payout")
CALLBACKS = ("callback.invoice", "callback.refund", "callback.payout", "callback")


@dataclass(frozen=True)
class Purchase:
    """A checkout of one or more orders of a seller, in rupiah; ``wallet`` is the hundredth part of the wallet's balance that
    goes into it, ``end`` how its payment ends, ``afterwards`` what becomes of its first order."""

    at: float
    buyer: int
    orders: tuple[int, ...]
    wallet: int
    method: tuple[str, str]
    end: str
    afterwards: str
    seller: int = 0


@dataclass(frozen=True)
class Withdrawal:
    """So many hundredths of the wallet's balance are asked for; some are taken back."""

    at: float
    buyer: int
    share: int
    account: str
    taken_back: bool


@dataclass(frozen=True)
class Join:
    """A buyer joins the round's session, and pays, or does not, or leaves."""

    at: float
    buyer: int
    units: int
    method: tuple[str, str]
    end: str


@dataclass(frozen=True)
class Batch:
    """Withdrawals are sent."""

    at: float


@dataclass(frozen=True)
class SessionEnd:
    """The round's session is ended by hand."""

    at: float


@dataclass(frozen=True)
class Trouble:
    """A rule of the sandbox's fault desk that stands for a time."""

    at: float
    lasts: float
    rule: dict[str, Any]


@dataclass(frozen=True)
class Kill:
    """``kill -9`` of processes, which come back after a pause; ``remote``: the worker then calls services over HTTP."""

    at: float
    processes: tuple[str, ...]
    pause: float
    remote: bool


@dataclass(frozen=True)
class Jump:
    """The clock of everybody moves forward, by seconds."""

    at: float
    by: int


@dataclass(frozen=True)
class Outage:
    """The provider is away altogether while the clock moves on by so many minutes; some of its callbacks never come."""

    minutes: int
    rule: dict[str, Any]
    lost: float


@dataclass(frozen=True)
class Payee:
    """Somebody who is settled with: the bank account, and what is agreed (``office`` is a percentage, 0 without one)."""

    account: str
    cycle: str
    office: int
    on_hold: bool


@dataclass(frozen=True)
class Settling:
    """A scheduler has settlements made, once more or in place of one that was away."""

    at: float


@dataclass(frozen=True)
class LateRefund:
    """So many hundredths of a delivered order go back, whether or not it is settled."""

    at: float
    order: int
    share: int


@dataclass(frozen=True)
class Payday:
    """A Friday on which payees are paid: ``before`` are refunds of orders that may be settled already, made in the days
    before it; all else happens at its moments."""

    before: list[LateRefund]
    refunds: list[LateRefund]
    settlings: list[Settling]
    withdrawals: list[Withdrawal]
    batches: list[Batch]
    troubles: list[Trouble]
    kills: list[Kill]


@dataclass(frozen=True)
class Plan:
    """A round: trade, whose troubles end; then the paydays of the two weeks after its complaint window. The factory is the
    first of the payees, then the sellers, then an agents' office. ``stock`` is what its session needs not have made; ``night``: news that nothing else asks for (a late transfer, a payout that comes back) may be lost too; then the
    books are compared after the night, with its reconciliation."""

    seed: int
    buyers: int
    succeeds: bool
    night: bool
    stock: int
    payees: list[Payee]
    outage: Outage | None
    purchases: list[Purchase]
    joins: list[Join]
    withdrawals: list[Withdrawal]
    batches: list[Batch]
    session_end: SessionEnd
    troubles: list[Trouble]
    kills: list[Kill]
    jumps: list[Jump]
    paydays: list[Payday]

    def __str__(self) -> str:
        """Everything in the order in which it happens."""
        how = f"succeeds: {self.succeeds}, night: {self.night}, stock: {self.stock}, outage: {self.outage}"
        lines = [f"seed {self.seed} ({how}):", *(f"  {each}" for each in self.payees), *_moments(self)]
        for number, payday in enumerate(self.paydays, 1):
            lines += [f"payday {number}, before it: {payday.before}", *_moments(payday, but="before")]
        return "\n".join(lines)


def _moments(act: Plan | Payday, but: str = "") -> list[str]:
    found: list[Any] = []
    for field in fields(act):
        value = getattr(act, field.name)
        all_of_it = value if isinstance(value, list) else [value]
        found += [each for each in all_of_it if field.name != but and hasattr(each, "at")]
    return [f"  {each.at:5.2f}  {each}" for each in sorted(found, key=lambda each: float(each.at))]


def plan_of(seed: int, *, purchases: int = PURCHASES, seconds: float = SECONDS) -> Plan:
    """Draw a round."""
    chance = random.Random(f"chaos-{seed}")

    def moment(first: float = 0.0, last: float = 1.0) -> float:
        return round(seconds * chance.uniform(first, last), 3)

    succeeds, night = chance.random() < 0.7, chance.random() < 0.4
    first_money = [
        # Everybody's wallet is filled as it is in life: by a refund of what cannot go back to its source.
        Purchase(moment(0, 0.05), buyer, (200_000 + 1_000 * buyer,), 0, METHODS[0], "paid", "refund")
        for buyer in range(BUYERS)
    ]
    return Plan(
        seed=seed,
        buyers=BUYERS,
        succeeds=succeeds,
        night=night,
        stock=chance.choice((0, 6, 200)),
        payees=[_payee(chance) for _ in range(1 + STALLS + 1)],
        outage=_outage(chance) if chance.random() < 0.5 else None,
        purchases=[*first_money, *(_purchase(chance, moment(0.05)) for _ in range(purchases))],
        joins=[_join(chance, moment(0, 0.7), succeeds) for _ in range(12 if succeeds else 5)],
        withdrawals=[_withdrawal(chance, moment(0.3)) for _ in range(WITHDRAWALS)],
        batches=[Batch(moment(0.4)) for _ in range(chance.randint(1, 3))],
        session_end=SessionEnd(moment(0.75)),
        troubles=[_trouble(chance, moment(0, 0.8), seconds) for _ in range(chance.randint(4, 9))],
        kills=_kills(chance, moment),
        jumps=[Jump(moment(), chance.choice((1, 5, 20, 45, 90))) for _ in range(chance.randint(0, 5))],
        paydays=[_payday(chance, afterwards=False), _payday(chance, afterwards=True)],
    )


def _payee(chance: random.Random) -> Payee:
    return Payee(
        chance.choice(ACCOUNTS),
        chance.choice(("weekly", "weekly", "daily")),
        chance.choice((0, 0, 15)),
        chance.random() < 0.1,
    )


def _payday(chance: random.Random, *, afterwards: bool) -> Payday:
    """The first payday loses processes; the second follows refunds of what the first has settled."""

    def moment(first: float = 0.0, last: float = 1.0) -> float:
        return round(PAYDAY_SECONDS * chance.uniform(first, last), 3)

    def refund(at: float) -> LateRefund:
        return LateRefund(at, chance.randrange(1_000), chance.choice((5, 20, 40)))

    dying = chance.choice((("api",), ("worker",), ("worker",)))
    kill = Kill(moment(0, 0.6), dying, chance.choice((0.0, 0.2)), chance.random() < 0.3)
    return Payday(
        before=[refund(0.0) for _ in range(chance.randint(2, 5))] if afterwards else [],
        refunds=[refund(moment()) for _ in range(chance.randint(0, 4))],
        settlings=[Settling(moment()) for _ in range(chance.randint(0, 3))],
        withdrawals=[_withdrawal(chance, moment(0, 0.5)) for _ in range(3)],
        batches=[Batch(moment()) for _ in range(chance.randint(0, 2))],
        troubles=[_trouble_of_payouts(chance, moment(0, 0.5)) for _ in range(chance.randint(2, 4))],
        kills=[] if afterwards else [kill],
    )


def _purchase(chance: random.Random, at: float) -> Purchase:
    orders = tuple(chance.randrange(20_000, 900_000) for _ in range(chance.choice((1, 1, 2, 3))))
    return Purchase(
        at,
        chance.randrange(BUYERS),
        orders,
        chance.choice((0, 0, 0, 25, 60, 100)),
        chance.choice(METHODS),
        chance.choice(ENDS),
        chance.choice(AFTERWARDS),
        chance.randrange(STALLS),
    )


def _join(chance: random.Random, at: float, succeeds: bool) -> Join:
    ends: Sequence[str] = ("paid", "paid", "paid", "unpaid", "late") if succeeds else ("paid", "unpaid", "late")
    return Join(at, chance.randrange(BUYERS), chance.randint(1, 3), chance.choice(METHODS), chance.choice(ends))


def _withdrawal(chance: random.Random, at: float) -> Withdrawal:
    share, account = chance.choice((10, 30, 60, 100)), chance.choice(ACCOUNTS)
    return Withdrawal(at, chance.randrange(BUYERS), share, account, chance.random() < 0.15)


def _outage(chance: random.Random) -> Outage:
    kind = chance.choice(({"status": 503, "retry_after": 60}, {"status": 500}, {"action": "timeout_before"}))
    rule = {"provider": "xendit", "operation": "*", "action": "fail", **kind}
    return Outage(chance.choice((5, 20, 90)), rule, chance.choice((0.0, 0.5, 1.0)))


def _kills(chance: random.Random, moment: Any) -> list[Kill]:
    """Both processes are killed in every round, at moments of their own or at once."""
    pause, remote = chance.choice((0.0, 0.2, 0.8)), chance.random() < 0.3
    if chance.random() < 0.3:
        return [Kill(moment(0.1, 0.9), ("api", "worker"), pause, remote)]
    return [
        Kill(moment(0.1, 0.9), ("api",), pause, remote),
        Kill(moment(0.1, 0.9), ("worker",), pause, remote),
    ]


def _trouble(chance: random.Random, at: float, seconds: float) -> Trouble:
    lasts = round(seconds * chance.uniform(0.1, 0.5), 3)
    probability, seed = chance.choice((0.15, 0.4, 0.8)), chance.randrange(1_000_000)
    rule: dict[str, Any] = {"provider": "xendit", "probability": probability, "seed": seed}
    match chance.choice(
        ("refuse", "limit", "lost_answer", "no_answer", "slow", "callback", "callback", "callback", "bank")
    ):
        case "refuse":
            rule |= {"operation": chance.choice((*READS, *WRITES, "*")), "action": "fail", "status": 500}
        case "limit":
            status = chance.choice((429, 503))
            rule |= {"operation": chance.choice((*WRITES, "*")), "action": "fail", "status": status, "retry_after": 1}
        case "lost_answer":
            rule |= {"operation": chance.choice(WRITES), "action": "timeout_after", "seconds": 0.05}
        case "no_answer":
            operation = chance.choice((*WRITES, *READS))
            rule |= {"operation": operation, "action": "timeout_before", "seconds": 0.05}
        case "slow":
            rule |= {"operation": chance.choice((*WRITES, *READS)), "action": "delay", "seconds": 0.6}
        case "bank":
            operation = chance.choice(("settle_payout", "settle_refund"))
            rule |= {"operation": operation, "action": "fail", "probability": 0.4}
        case _:
            rule |= {"operation": chance.choice(CALLBACKS)} | _of_callbacks(chance)
    return Trouble(at, lasts, rule)


def _trouble_of_payouts(chance: random.Random, at: float) -> Trouble:
    rule: dict[str, Any] = {"provider": "xendit", "probability": chance.choice((0.4, 0.8, 1.0))}
    rule["seed"] = chance.randrange(1_000_000)
    match chance.choice(("refuse", "lost_answer", "no_answer", "callback", "callback", "bank")):
        case "refuse":
            status = chance.choice((429, 500, 503))
            rule |= {"operation": chance.choice(("create_payout", "*")), "action": "fail", "status": status}
        case "lost_answer":
            rule |= {"operation": "create_payout", "action": "timeout_after", "seconds": 0.05}
        case "no_answer":
            operation = chance.choice(("create_payout", "list_payouts", "get_payout"))
            rule |= {"operation": operation, "action": "timeout_before", "seconds": 0.05}
        case "bank":
            rule |= {"operation": "settle_payout", "action": "fail", "probability": 0.4}
        case _:
            rule |= {"operation": "callback.payout"} | _of_callbacks(chance)
    return Trouble(at, round(PAYDAY_SECONDS * chance.uniform(0.2, 0.6), 3), rule)


def _of_callbacks(chance: random.Random) -> dict[str, Any]:
    match chance.choice(("lose", "lose", "double", "delay", "reorder", "corrupt")):
        case "lose":
            return {"action": "lose"}
        case "double":
            return {"action": "double", "copies": chance.randint(2, 5)}
        case "delay":
            return {"action": "delay", "seconds": chance.choice((1, 30, 400))}
        case "reorder":
            return {"action": "reorder", "seconds": chance.choice((1, 60))}
    return {"action": "corrupt", "part": chance.choice(("body", "signature"))}
