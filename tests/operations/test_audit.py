"""The audit: whole books pass, and every kind of damage is found and named."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace
from rich.console import Console

from patungan.contracts.wallet import HoldFunds, ReleaseHold, hold_funds, release_hold
from patungan.kernel.identity import Caller, Role
from patungan.kernel.money import Rupiah
from patungan.operations import audit as auditing
from patungan.operations import demo
from patungan.operations.audit import CHECKS, audit, examine
from patungan.operations.audit.provider import Movement
from patungan.operations.audit.report import Report, show
from patungan.services.payment.reports.closing import seal_all
from tests.books import assert_books_whole, audited, provider_books
from tests.house import House, Person
from tests.operations.stacks import stack_of
from tests.purse import becomes, run_batch, value, withdraw


@pytest.fixture(scope="module")
async def played(one_house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house in which sessions succeeded, waited, failed and were called off."""
    stack = stack_of(one_house, tmp_path_factory.mktemp("data"))
    outcome = await demo.play(stack, buyers=8, seed=7, console=Console(file=io.StringIO()))
    assert outcome.good
    await spend(one_house)
    await seal_all(one_house.context("payment"))
    return one_house


async def spend(house: House) -> None:
    """Somebody with money in the wallet has a part of it held and given back, and takes another to a bank."""
    user_id = await value(house, "select user_id from wallets order by balance desc, user_id limit 1")
    person = Person(house, user_id, "", Caller(user_id, Role.CUSTOMER))
    held = HoldFunds(payment_id=uuid4(), payment_code="PAY-20261123-ABCDEF", user_id=user_id, amount=Rupiah(1_000))
    await house.context("payment").call(hold_funds, held)
    await house.context("payment").call(release_hold, ReleaseHold(payment_id=held.payment_id, reason="expired"))
    made = await withdraw(person, 10_000)
    await run_batch(house)
    await becomes(person, made, "completed")


@pytest.fixture(scope="module")
async def movements(played: House) -> list[Movement]:
    """The provider's books of that house."""
    return [each async for each in provider_books(played).movements()]


@pytest.fixture
async def superuser(played: House) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Somebody who may do anything, past every trigger; what they did is undone afterwards."""
    connection = await played.owner()
    work = connection.transaction(isolation="repeatable_read")
    await work.start()
    await connection.execute("set local session_replication_role = replica")
    yield connection
    await work.rollback()
    await connection.close()


async def test_books_are_whole_after_all_that_can_happen_to_a_session(played: House) -> None:
    await assert_books_whole(played)
    report = await audited(played)
    assert [finding.name for finding in report.findings] == [*(check.name for check in CHECKS), "provider"]
    assert all(finding.skipped is None for finding in report.findings)
    unplayed = {finding.name for finding in report.findings if not finding.examined}
    of_settlements = {"settlement lines", "settlement payouts", "office shares", "carried over"}
    assert unplayed == of_settlements | {"daily closings", "paid orders", "order escrow", "quarantine", "wallet parts"}
    notes = report.finding("provider").notes
    assert len(notes) == 1 and notes[0].startswith("the provider charged ")


PAID = "(select id from payment.payments where status = 'paid' order by id limit 1)"
RELEASED = "select session_id from payment.escrows where released_at is not null order by session_id limit 1"
ENTRY = "(select transaction_id from ledger.entries where amount > 0 order by transaction_id limit 1)"
LATEST = "(select id from ledger.transactions where kind = 'payment_received' order by id limit 1)"

DAMAGE: list[tuple[str, str, set[str]]] = [
    (
        "an entry altered",
        f"update ledger.entries set amount = amount + 1 where transaction_id = {LATEST} and amount > 0",
        {"blocks", "entries", "total", "digests", "seals", "receipts", "provider"},
    ),
    (
        "both sides of a transaction altered",
        f"update ledger.entries set amount = amount + sign(amount)::int where transaction_id = {LATEST}",
        {"blocks", "digests", "seals", "receipts", "escrow", "final sessions", "provider"},
    ),
    (
        "a line deleted",
        f"delete from ledger.entries where transaction_id = {LATEST} and amount < 0",
        {"blocks", "entries", "total", "lines", "digests", "seals", "escrow", "final sessions"},
    ),
    (
        "a transaction left without lines",
        f"delete from ledger.entries where transaction_id = {LATEST}",
        {"blocks", "lines", "digests", "seals", "receipts", "escrow", "final sessions", "provider"},
    ),
    (
        "a transaction deleted with its lines",
        f"delete from ledger.entries where transaction_id = {LATEST}; delete from ledger.transactions where id = {LATEST}",
        {"blocks", "seals", "receipts", "escrow", "final sessions", "provider"},
    ),
    (
        "a transaction said to be older than it is",
        f"update ledger.transactions set posted_at = posted_at - interval '1 day' where id = {LATEST}",
        {"digests", "seals"},
    ),
    (
        "a transaction of another reference",
        f"update ledger.transactions set reference = 'PAY-OTHER' where id = {LATEST}",
        {"digests", "seals"},
    ),
    (
        "a transaction and its digest altered together",
        (
            f"update ledger.transactions set reference = 'PAY-OTHER', digest = ledger.digest_of(idempotency_key, kind, "
            "'PAY-OTHER', posted_at, (select string_agg(a.code || ':' || e.amount, ',' order by e.line) "
            "from ledger.entries e join ledger.accounts a on a.id = e.account_id where e.transaction_id = transactions.id)) "
            f"where id = {LATEST}"
        ),
        {"seals"},
    ),
    (
        "a transaction said to be posted by another role",
        f"update ledger.transactions set posted_by = 'patungan_wallet' where id = {LATEST}",
        {"seals"},
    ),
    (
        "a fingerprint altered with its transaction",
        (
            f"update ledger.transactions set posted_by = 'patungan_wallet' where id = {LATEST};"
            "update ledger.sealed set fingerprint = ledger.fingerprint_of(t.id, t.position, t.posted_by, t.digest) "
            f"from ledger.transactions t where t.id = transaction_id and t.id = {LATEST}"
        ),
        {"seals"},
    ),
    (
        "a seal removed with what it seals",
        "delete from ledger.seals where number = 1; delete from ledger.sealed where seal = 1",
        {"blocks", "seals"},
    ),
    (
        "a seal made anew, and those after it not",
        (
            "update ledger.seals set sealed_at = sealed_at + interval '1 second', hash = ledger.seal_hash(previous, number, "
            "sealed_at + interval '1 second', (select string_agg(fingerprint, '' order by place) from ledger.sealed "
            "where seal = 1)) where number = 1"
        ),
        {"seals"},
    ),
    (
        "a block of an account that its entries do not explain",
        (
            "update ledger.account_blocks set credits = credits + 5 where (account_id, number) = "
            "(select min(account_id), 1 from ledger.account_blocks)"
        ),
        {"blocks"},
    ),
    (
        "a guarded balance that its entries do not explain",
        "update ledger.balances set balance = balance + 5 where account_id = (select min(account_id) from ledger.balances)",
        {"balances"},
    ),
    (
        "a payment marked paid that nobody paid",
        (
            "update payment.payments set status = 'paid', paid_at = created_at where id = "
            "(select id from payment.payments where status = 'expired' and not exists "
            "(select 1 from payment.receipts r where r.payment_id = payments.id) order by id limit 1)"
        ),
        {"paid", "releases", "unpaid participants"},
    ),
    (
        "a paid payment marked expired",
        f"update payment.payments set status = 'expired', paid_at = null where id = {PAID}",
        {"unpaid", "releases", "participants", "order values"},
    ),
    (
        "a released session marked as held",
        f"update payment.escrows set released_at = null, released = null where session_id = ({RELEASED})",
        {"escrow", "releases", "participants"},
    ),
    (
        "a refund of more than was paid",
        (
            "update payment.refunds set amount = amount + 1000 where id = "
            "(select id from payment.refunds where kind = 'session' and destination = 'source' order by id limit 1)"
        ),
        {"paid", "refunds", "refunded amounts", "refund postings", "participants"},
    ),
    (
        "a refund said to be completed that never left",
        (
            "delete from ledger.entries where transaction_id in (select id from ledger.transactions where idempotency_key = "
            "(select 'refund/' || id || '/completed' from payment.refunds where destination = 'source' order by id limit 1));"
            "delete from ledger.transactions where idempotency_key = "
            "(select 'refund/' || id || '/completed' from payment.refunds where destination = 'source' order by id limit 1)"
        ),
        {"blocks", "seals", "refund postings", "refund clearing", "provider"},
    ),
    (
        "a completed refund that is no longer known as such",
        (
            "update payment.refunds set status = 'failed', completed_at = null where id = "
            "(select id from payment.refunds where destination = 'source' order by id limit 1)"
        ),
        {"refunded amounts", "refund postings", "refund clearing", "provider"},
    ),
    (
        "a wallet's history cut",
        (
            "delete from wallet.wallet_transactions where id = "
            "(select id from wallet.wallet_transactions where type = 'refund' order by id limit 1)"
        ),
        {"wallets"},
    ),
    (
        "a wallet's balance raised",
        "update wallet.wallets set balance = balance + 1 where user_id = (select min(user_id::text)::uuid from wallet.wallets)",
        {"wallets"},
    ),
    ("a hold come alive", "update wallet.holds set status = 'held', ended_at = null, reason = null", {"holds"}),
    (
        "a withdrawal's state changed",
        "update wallet.withdrawals set status = 'failed', failure_reason = 'none'",
        {"withdrawals"},
    ),
    (
        "a withdrawal of another payout",
        "update wallet.withdrawals set payout_id = 'disb-other'",
        {"provider"},
    ),
    (
        "a cashback credited to somebody else",
        (
            "update group_buying.participants set user_id = '00000000-0000-0000-0000-000000000001' where id = "
            "(select id from group_buying.participants where cashback > 0 order by id limit 1)"
        ),
        {"cashback", "charges"},
    ),
    (
        "a cashback of another amount",
        (
            "update group_buying.participants set cashback = cashback + 1 where id = "
            "(select id from group_buying.participants where cashback > 0 order by id limit 1)"
        ),
        {"cashback", "order values"},
    ),
    (
        "a participant settled without an order",
        'delete from "order".orders where id = (select min(id::text)::uuid from "order".orders)',
        {"participants"},
    ),
    (
        "an order of another value",
        (
            'update "order".orders set subtotal = subtotal + 1, total = total + 1 '
            'where id = (select min(id::text)::uuid from "order".orders)'
        ),
        {"order values"},
    ),
    (
        "an order for somebody who did not pay",
        (
            "update group_buying.participants set status = 'released' where id = "
            "(select id from group_buying.participants where status = 'settled' order by id limit 1)"
        ),
        {"cashback", "session counts", "variant demand", "unpaid participants"},
    ),
    (
        "a session that counts more than was paid",
        (
            "update group_buying.sessions set paid_quantity = paid_quantity + 1 "
            "where id = (select min(id::text)::uuid from group_buying.sessions)"
        ),
        {"session counts"},
    ),
    (
        "demand that nobody has",
        (
            "update group_buying.session_variants set demand = demand + 1 "
            "where session_id = (select min(id::text)::uuid from group_buying.sessions) and position = 0"
        ),
        {"variant demand"},
    ),
    (
        "cashback left on its way",
        (
            "update group_buying.sessions set status = 'orders_created' where status = 'failed';"
            "update ledger.accounts set code = 'cashback_payable/' || (select id from group_buying.sessions where "
            "paid_quantity = 0 limit 1), kind = 'cashback_payable' where code = 'payable_courier'"
        ),
        {"digests", "seals", "cashback payable"},
    ),
    (
        "units reserved by nobody",
        (
            "update warehouse.inventory set quantity = quantity + 3, reserved = reserved + 3 "
            "where id = (select min(id::text)::uuid from warehouse.inventory)"
        ),
        {"reservations", "stock movements"},
    ),
    (
        "goods that came from nowhere",
        (
            "update warehouse.inventory set quantity = quantity + 3 "
            "where id = (select min(id::text)::uuid from warehouse.inventory)"
        ),
        {"stock movements"},
    ),
    (
        "a purchase order received in part and called received",
        "update warehouse.purchase_order_lines set received = received - 1",
        {"purchase orders"},
    ),
]


@pytest.mark.parametrize(("sql", "expected"), [each[1:] for each in DAMAGE], ids=[each[0] for each in DAMAGE])
async def test_damage_is_found(
    superuser: asyncpg.Connection[asyncpg.Record], movements: list[Movement], sql: str, expected: set[str]
) -> None:
    await superuser.execute(sql)
    report = await examine(superuser, movements)
    assert not report.whole
    assert set(report.broken()) == expected
    for finding in report.findings:
        assert finding.count == len(finding.offences)
        assert all(offence.subject and offence.detail for offence in finding.offences)


async def test_an_altered_transaction_is_named(
    superuser: asyncpg.Connection[asyncpg.Record], movements: list[Movement]
) -> None:
    key = await superuser.fetchval(f"select idempotency_key from ledger.transactions where id = {LATEST}")
    await superuser.execute(
        f"update ledger.entries set amount = amount + 7 where transaction_id = {LATEST} and amount > 0"
    )
    report = await examine(superuser, movements)
    (altered,) = report.finding("digests").offences
    assert altered.subject == key and altered.detail.startswith("altered since it was posted at ")
    (lopsided,) = report.finding("entries").offences
    assert (lopsided.subject, lopsided.expected, lopsided.found) == (key, 0, 7)
    (total,) = report.finding("total").offences
    assert total.found == 7


def _one(movements: list[Movement], kind: str) -> Movement:
    return next(each for each in movements if each.kind == kind and each.status == "SUCCEEDED")


async def test_what_is_missing_on_either_side_is_told_apart(
    superuser: asyncpg.Connection[asyncpg.Record], movements: list[Movement]
) -> None:
    payment, refund = _one(movements, "payment"), _one(movements, "refund")
    foreign = replace(payment, object_id="other", invoice_id="other", external_id="PAY-OTHER", amount=12_345)
    theirs = [
        *(each for each in movements if each not in (payment, refund)),
        replace(refund, amount=refund.amount + 1),
        foreign,
        replace(refund, kind="payout", object_id="po-1", reference_id="WD-1", amount=97_500),
    ]
    finding = (await examine(superuser, theirs)).finding("provider")
    assert [(each.subject, each.detail, each.expected, each.found) for each in finding.offences] == sorted(
        [
            (f"payment {payment.external_id}", "in our books, and not at the provider", 0, payment.amount),
            ("payment PAY-OTHER", "at the provider, and not in our books", 12_345, 0),
            (f"refund {refund.reference_id}", "of another amount", refund.amount + 1, refund.amount),
            ("payout WD-1", "at the provider, and not in our books", 97_500, 0),
        ]
    )


async def test_a_refund_under_way_and_a_failed_one_are_no_mismatch(
    superuser: asyncpg.Connection[asyncpg.Record], movements: list[Movement]
) -> None:
    refund = _one(movements, "refund")
    open_ones = [replace(refund, object_id=state, status=state) for state in ("PENDING", "FAILED", "CANCELLED")]
    finding = (await examine(superuser, movements + open_ones)).finding("provider")
    assert finding.holds
    assert f"1 refunds of {refund.amount:,} rupiah are under way" in finding.notes


async def test_quarantined_money_is_explained_and_told(
    superuser: asyncpg.Connection[asyncpg.Record], movements: list[Movement]
) -> None:
    payment = _one(movements, "payment")
    strange = replace(payment, object_id="strange", invoice_id="strange", amount=777)
    await superuser.execute(
        "insert into payment.receipts select 'strange', payment_id, 'quarantined', 777, currency, method, channel, paid_at, "
        "recorded_at from payment.receipts where invoice_id = $1",
        payment.invoice_id,
    )
    finding = (await examine(superuser, [*movements, strange])).finding("provider")
    assert finding.holds
    assert any("777 rupiah came that are not what was asked" in note for note in finding.notes)
    # An amount that differs from what we noted is no explanation.
    finding = (await examine(superuser, [*movements, replace(strange, amount=778)])).finding("provider")
    (offence,) = finding.offences
    assert (offence.expected, offence.found) == (778, 0)


async def test_a_session_under_way_is_not_called_broken(
    superuser: asyncpg.Connection[asyncpg.Record], movements: list[Movement]
) -> None:
    cancelled = await superuser.fetchval("select id from group_buying.sessions where status = 'cancelled'")
    keys = "select 'refund/' || id || '/requested' from payment.refunds where kind = 'session'"
    await superuser.execute(
        f"delete from ledger.entries where transaction_id in (select id from ledger.transactions where idempotency_key in "
        f"({keys})); delete from ledger.transactions where idempotency_key in ({keys});"
        "update group_buying.participants set status = 'paid' where status = 'refunded'"
    )
    assert "final sessions" in (await examine(superuser, movements)).broken()
    await superuser.execute(
        "update dbos.workflow_status set status = 'PENDING' where workflow_uuid = $1", f"cancel-{cancelled}"
    )
    report = await examine(superuser, movements)
    assert report.finding("final sessions").holds and report.finding("participants").holds


async def test_real_providers_are_skipped_and_said_so(played: House) -> None:
    report = await audit(played.environment["DATABASE_URL"], None)
    assert report.whole
    assert report.finding("provider").skipped is not None
    said = io.StringIO()
    show(report, Console(file=said, width=200))
    assert "skipped: a real provider is configured" in said.getvalue()


async def test_the_command_answers_by_its_exit_code(
    played: House, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = stack_of(played, tmp_path)
    assert await auditing.run(stack, json=True) == 0
    document: dict[str, Any] = msgspec.json.decode(capsysbinary.readouterr().out)
    assert document["whole"] is True and len(document["findings"]) == len(CHECKS) + 1

    monkeypatch.setattr(auditing, "PAUSE_SECONDS", 0.0)
    owner = await played.owner()
    raised = "update ledger.balances set balance = balance + $1 where account_id = (select min(account_id) from ledger.balances)"
    await owner.execute(raised, 5)
    try:
        assert await auditing.run(stack, json=False) == 1
    finally:
        await owner.execute(raised, -5)
        await owner.close()
    said = capsysbinary.readouterr().out.decode()
    assert "The books are not whole" in said and "not the sum of its entries" in said


async def test_a_report_knows_its_findings(played: House) -> None:
    report: Report = await audited(played)
    with pytest.raises(KeyError):
        report.finding("nothing of the kind")
