"""Settlements: what is due and when, once a payee and period, their states, their statements and who may do what."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from patungan.kernel.identity import Role, Scope
from patungan.ledger import accounts
from patungan.services.settlement.operations import generating
from patungan.services.settlement.operations.generating import DuePayee
from patungan.services.settlement.queries.lines import Payee
from patungan.services.settlement.rules import Cycle, PayeeKind, period_at
from tests.house import House, Person
from tests.payday import FAILING, RETURNING, STAYING, Payday, clerk
from tests.purse import entries, faults, payouts, tell


async def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_delivery_is_paid_with_the_domains_figures(one_house: House) -> None:
    payday = await Payday.open(one_house)
    await payday.delivered(1_000_001)
    day = payday.until_payday()
    paid = await payday.becomes(await payday.settled(), "completed")
    assert (paid["value"], paid["commission"], paid["net_amount"], paid["payout_amount"]) == (
        1_000_001, 100_000, 900_001, 900_001,
    )  # fmt: skip
    monday = day - timedelta(days=day.weekday())
    assert (paid["period_start"], paid["period_end"], paid["pay_on"]) == (
        monday.isoformat(), (monday + timedelta(days=6)).isoformat(), day.isoformat(),
    )  # fmt: skip
    assert await entries(one_house, paid["code"]) == {"payable_factory": 900_001, "gateway_clearing": -900_001}
    assert await payday.balance() == 0
    assert len(await payouts(one_house, paid["code"])) == 1
    assert [each["status"] for each in paid["history"]] == ["pending", "scheduled", "processing", "completed"]
    assert (await payday.generate_response()).json()["settlement"]["id"] == paid["id"]


async def test_nothing_is_due_within_the_window(one_house: House) -> None:
    payday = await Payday.open(one_house)
    await payday.delivered(500_000)
    one_house.later(days=6)
    assert (await payday.generate_response()).json() == {"settlement": None}
    shown = await payday.owner.get("settlement", "/api/settlements/preview", payee_id=str(payday.factory_id))
    assert [each["value"] for each in shown["lines"]] in ([], [500_000])


async def test_case_four_of_the_domain(one_house: House) -> None:
    """88 units sold, 12 of them from old stock, 44 beyond what was sold: 76 by line (a), 44 by line (b)."""
    payday = await Payday.open(one_house)
    sale = await payday.sold(88 * 80_000, units=88, from_stock=12)
    first = await sale.delivered(10, lines=False)
    assert await payday.value("select value from orders where order_id = $1", first.order_id) == 0
    await sale.delivered(10)
    await sale.delivered(68)
    await payday.surplus(44, 80_000)
    payday.until_payday()
    made = await payday.settled()
    statement = await payday.statement(made)
    lines = [(each["kind"], each["quantity"], each["value"]) for each in statement["lines"]]
    assert sorted(lines) == [("order", 8, 640_000), ("order", 68, 5_440_000), ("surplus", 44, 3_520_000)]
    assert made["net_amount"] == 76 * 80_000 * 9 // 10 + 44 * 80_000
    await payday.becomes(made, "completed")
    assert await payday.balance() == 0


async def test_five_jobs_at_once_make_one_settlement(one_house: House) -> None:
    payday = await Payday.open(one_house)
    await payday.delivered(200_000)
    day = payday.until_payday()
    ctx = one_house.context("settlement")
    payee = Payee(PayeeKind.FACTORY, payday.factory_id, Cycle.WEEKLY, None, 0, None)
    period = period_at(Cycle.WEEKLY, day)
    due = DuePayee(payee=payee, period_start=period.start, period_end=period.end, pay_on=period.pay_on)
    made = await asyncio.gather(*(generating.generate(ctx, due) for _ in range(5)))
    assert len({*made}) == 1 and made[0] is not None
    headers = {"Authorization": f"Bearer {one_house.service_token('settlement')}"}
    runs = await asyncio.gather(
        *(one_house.request("POST", "settlement", "/api/settlements/run", headers=headers) for _ in range(5))
    )
    assert {each.status_code for each in runs} == {202}
    (only,) = await payday.settlements()
    done = await payday.becomes(only, "completed")
    assert len(await payouts(one_house, done["code"])) == 1
    assert await payday.balance() == 0


async def test_a_refund_afterwards_is_missing_from_the_next(one_house: House) -> None:
    payday = await Payday.open(one_house)
    first = await payday.delivered(1_000_000)
    day = payday.until_payday()
    await payday.becomes(await payday.settled(), "completed")
    await payday.refund(first, 300_000)
    assert await payday.balance() == -270_000
    payday.until(day + timedelta(days=7))
    carried = await payday.becomes(await payday.settled(), "completed")
    assert (carried["net_amount"], carried["payout_amount"], carried["carried_out"]) == (-270_000, 0, -270_000)
    assert await payouts(one_house, carried["code"]) == []
    payday.until(day + timedelta(days=14))
    assert (await payday.generate_response()).json() == {"settlement": None}, "only a balance carried over"
    await payday.delivered(1_000_000)
    payday.until_payday()
    paid = await payday.becomes(await payday.settled(), "completed")
    assert (paid["net_amount"], await payday.balance()) == (900_000 - 270_000, 0)
    kinds = [each["kind"] for each in (await payday.statement(paid))["lines"]]
    assert sorted(kinds) == ["carried_over", "order"]


async def test_refunded_before_it_was_settled(one_house: House) -> None:
    payday = await Payday.open(one_house)
    told = await payday.delivered(1_000_000)
    await payday.refund(told, 1_045_000)
    await payday.delivered(100_000)
    payday.until_payday()
    made = await payday.settled()
    assert (made["value"], made["commission"], made["net_amount"]) == (100_000, 10_000, 90_000)


async def test_a_large_settlement_needs_two_persons(one_house: House) -> None:
    payday, second = await Payday.open(one_house), await clerk(one_house)
    await payday.adjusted(50_000_001)
    await payday.agree(cycle="daily")
    made = await payday.settled()
    assert (made["status"], made["requires_approval"]) == ("pending", True)
    assert (await payday.do(made, "approve")).json()["status"] == "pending"
    assert await code_of(await payday.do(made, "approve")) == (409, "approval_needs_another")
    answers = await asyncio.gather(*(payday.do(made, "approve", by=second) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    await payday.becomes(made, "completed")
    assert await payday.balance() == 0


async def test_exactly_the_limit_needs_nobody(one_house: House) -> None:
    payday = await Payday.open(one_house, STAYING)
    await payday.adjusted(50_000_000)
    await payday.agree(cycle="daily")
    made = await payday.settled()
    assert (made["status"], made["requires_approval"]) == ("scheduled", False)
    assert await code_of(await payday.do(made, "approve")) == (409, "settlement_status_refused")


async def test_without_a_bank_account_it_is_on_hold(one_house: House) -> None:
    payday = await Payday.open(one_house, None)
    await payday.adjusted(700_000)
    await payday.agree(cycle="daily")
    made = await payday.settled()
    assert (made["status"], made["hold_reason"]) == ("on_hold", "missing_bank_account")
    assert await code_of(await payday.do(made, "release")) == (409, "bank_account_missing")
    bank = {"code": "MANDIRI", "account_number": "1370012345678", "account_name": "Pabrik Contoh"}
    path = f"/api/factories/{payday.factory_id}"
    assert (await payday.owner.request("PATCH", "factory", path, {"bank": bank})).status_code == 200
    assert (await payday.do(made, "release")).json()["status"] == "scheduled"
    paid = await payday.becomes(made, "completed")
    assert (paid["bank_code"], paid["number_last4"]) == ("MANDIRI", "5678")

    async def told() -> bool:
        inbox = (await payday.owner.get("notification", "/api/notifications", limit=100))["items"]
        kinds = {each["type"] for each in inbox}
        return {"settlement_on_hold", "settlement_scheduled", "settlement_paid"} <= kinds

    await one_house.eventually(told, seconds=120)


async def test_held_and_cancelled_and_made_again(one_house: House) -> None:
    payday = await Payday.open(one_house)
    await payday.adjusted(60_000_000)
    await payday.agree(cycle="daily")
    made = await payday.settled()
    assert (await payday.do(made, "hold", {"reason": "Menunggu dokumen"})).json()["status"] == "on_hold"
    assert await code_of(await payday.do(made, "hold", {"reason": "Sekali lagi"})) == (409, "settlement_status_refused")
    assert await code_of(await payday.do(made, "release")) == (409, "approval_needs_another")
    assert (await payday.do(made, "cancel", {"reason": "Salah hitung"})).json()["status"] == "cancelled"
    for what, body in (("cancel", {"reason": "Lagi-lagi"}), ("release", None), ("retry", None), ("approve", None)):
        assert await code_of(await payday.do(made, what, body)) == (409, "settlement_status_refused")
    assert (await payday.statement(made))["lines"] == []
    again = await payday.settled()
    assert again["id"] != made["id"] and again["net_amount"] == 60_000_000
    assert await payday.balance() == 60_000_000


async def test_sent_back_by_the_bank_and_tried_again(one_house: House) -> None:
    payday = await Payday.open(one_house, RETURNING)
    await payday.adjusted(800_000)
    await payday.agree(cycle="daily", office_id=str(uuid4()), office_percent=50)
    failed = await payday.becomes(await payday.settled(), "failed")
    assert (failed["failure_reason"], await payday.balance()) == ("REVERSED", 800_000)
    bank = {"code": "BCA", "account_number": "8410000101", "account_name": "Pabrik Contoh"}
    await payday.owner.request("PATCH", "factory", f"/api/factories/{payday.factory_id}", {"bank": bank})
    key = str(uuid4())
    path = f"/api/settlements/{failed['id']}/retry"
    answers = [await payday.finance.request("POST", "settlement", path, key=key) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    paid = await payday.becomes(failed, "completed")
    assert (paid["attempt"], await payday.balance()) == (2, 0)


async def test_sent_back_is_found_though_its_news_is_lost(one_house: House) -> None:
    # The first callback, of the payout's success, passes; the second, that it came back, is lost.
    lost = {"provider": "xendit", "operation": "callback.payout", "action": "lose", "probability": 0.5, "seed": 1}
    payday = await Payday.open(one_house, RETURNING)
    await payday.adjusted(650_000)
    await payday.agree(cycle="daily")
    await faults(one_house, lost)
    made = await payday.becomes(await payday.settled(), "completed")
    assert await payday.balance() == 0

    async def came_back() -> bool:
        return [each["status"] for each in await payouts(one_house, made["code"])] == ["REVERSED"]

    await one_house.eventually(came_back, seconds=60)
    one_house.later(hours=24, minutes=5)
    failed = await payday.becomes(made, "failed")
    assert (failed["failure_reason"], await payday.balance()) == ("REVERSED", 650_000)
    await faults(one_house)


async def test_news_that_does_not_fit_changes_nothing(one_house: House) -> None:
    payday = await Payday.open(one_house, STAYING)
    await payday.adjusted(300_000)
    await payday.agree(cycle="daily")
    made = await payday.becomes(await payday.settled(), "processing")

    async def sent() -> bool:
        return bool(await payday.value("select payout_id is not null from settlements where code = $1", made["code"]))

    await one_house.eventually(sent)
    (payout,) = await payouts(one_house, made["code"])

    def news(status: str, **other: Any) -> dict[str, Any]:
        data = {
            "id": payout["id"], "reference_id": made["code"], "channel_code": "ID_BCA", "amount": 300_000,
            "channel_properties": {"account_number": "0000131313", "account_holder_name": "Pabrik"},
            "currency": "IDR", "status": status, **other,
        }  # fmt: skip
        kind = f"payout.{status.lower()}"
        return {"event": kind, "business_id": "5f0", "created": "2026-11-24T03:00:00Z", "data": data}

    await tell(one_house, news("SUCCEEDED", amount=300_001))

    async def noted() -> bool:
        shown = await payday.owner.get("settlement", f"/api/settlements/{made['id']}")
        return any(each["note"].startswith("mismatch") for each in shown["history"])

    await one_house.eventually(noted, seconds=120)
    assert (await payday.settlements())[0]["status"] == "processing"
    for _ in range(3):
        await tell(one_house, news("SUCCEEDED"))
    await payday.becomes(made, "completed")
    assert await entries(one_house, made["code"]) == {"payable_factory": 300_000, "gateway_clearing": -300_000}


async def test_the_statement_ties_in_every_form(one_house: House) -> None:
    payday = await Payday.open(one_house)
    sale = await payday.sold(3 * 33_335, units=3)
    for _ in range(3):
        await sale.delivered()
    await payday.adjusted(-1_234)
    payday.until_payday()
    paid = await payday.becomes(await payday.settled(), "completed")
    statement = await payday.statement(paid)
    assert sum(each["amount"] for each in statement["lines"]) == paid["net_amount"]
    assert paid["commission"] == 10_001, "as the books took of 100,005, once, and not three times 3,334"
    assert -sum(each["amount"] for each in statement["postings"]) == paid["payout_amount"]
    assert all(each["transaction_id"] for each in statement["lines"])
    path = f"/api/settlements/{paid['id']}/statement"
    text = (await payday.owner.request("GET", "settlement", f"{path}.csv")).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sum(int(row["amount"]) for row in rows[:-1]) == int(rows[-1]["amount"]) == paid["net_amount"]
    printed = await payday.owner.request("GET", "settlement", f"{path}.pdf")
    assert printed.content.startswith(b"%PDF") and printed.headers["content-type"] == "application/pdf"


async def test_the_offices_share_of_the_commission(one_house: House) -> None:
    payday, office = await Payday.open(one_house), uuid4()
    await payday.agree(office_id=str(office), office_percent=10)
    await payday.delivered(6_240_000)
    payday.until_payday()
    paid = await payday.becomes(await payday.settled(), "completed")
    assert (paid["commission"], paid["office_share"]) == (624_000, 62_400)
    assert await payday.balance(accounts.payable_office(office)) == 62_400


async def test_adjustments_are_made_by_two_persons(one_house: House) -> None:
    payday, second = await Payday.open(one_house), await clerk(one_house)
    path = "/api/settlements/adjustments"
    body = {"payee_id": str(payday.factory_id), "amount": -250_000, "reason": "Denda terlambat kirim"}
    asked = await payday.finance.post("settlement", path, body)
    decide = f"{path}/{asked['id']}/approve"
    own = await payday.finance.request("POST", "settlement", decide)
    assert await code_of(own) == (409, "settlement_adjustment_needs_another")
    answers = await asyncio.gather(*(second.request("POST", "settlement", decide) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    assert await payday.balance() == -250_000
    rejected = await payday.finance.post("settlement", path, body)
    answer = await second.post("settlement", f"{path}/{rejected['id']}/reject", {"note": "Tidak terbukti"})
    assert (answer["status"], await payday.balance()) == ("rejected", -250_000)
    listed = await second.get("settlement", path, payee_id=str(payday.factory_id))
    assert listed["total"] == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("adjustments", {"amount": 0, "reason": "Tidak apa-apa"}),
        ("adjustments", {"amount": 10.5, "reason": "Setengah rupiah"}),
        ("adjustments", {"amount": 100, "reason": "x"}),
        ("adjustments", {"amount": 10**30, "reason": "Terlalu banyak"}),
        ("generate", {"pay_on": "2199-01-01"}),
        ("generate", {"pay_on": "soon"}),
        ("generate", {"payee_kind": "agent"}),
        ("generate", {"more": 1}),
    ],
)
async def test_what_cannot_be_asked(one_house: House, path: str, body: dict[str, Any]) -> None:
    payday = await Payday.open(one_house)
    given = {"payee_id": str(payday.factory_id), **body}
    refused = await payday.finance.request("POST", "settlement", f"/api/settlements/{path}", given)
    assert await code_of(refused) == (400, "invalid_input")
    unknown = await payday.finance.request(
        "POST", "settlement", "/api/settlements/generate", {"payee_id": str(uuid4())}
    )
    assert await code_of(unknown) == (404, "payee_not_found")


async def test_agreements_that_cannot_be(one_house: House) -> None:
    payday = await Payday.open(one_house)
    path = f"/api/settlements/agreements/factory/{payday.factory_id}"
    for terms in ({"office_percent": 5}, {"cycle": "yearly"}, {"office_percent": 101, "office_id": str(uuid4())}):
        refused = await payday.finance.request("PUT", "settlement", path, terms)
        assert await code_of(refused) == (400, "invalid_input")
    odd = await payday.finance.request("PUT", "settlement", path.replace("factory", "agent"), {})
    assert await code_of(odd) == (400, "invalid_input")


async def test_who_may_see_and_do_what(one_house: House) -> None:
    payday, stranger = await Payday.open(one_house, FAILING), await Payday.open(one_house)
    await payday.adjusted(900_000)
    await payday.agree(cycle="daily")
    made = await payday.settled()
    one = f"/api/settlements/{made['id']}"
    for path in (one, f"{one}/statement", f"{one}/statement.csv", f"{one}/statement.pdf"):
        assert await code_of(await stranger.owner.request("GET", "settlement", path)) == (404, "settlement_not_found")
        assert (await payday.owner.request("GET", "settlement", path)).status_code == 200
        assert (await one_house.request("GET", "settlement", path)).status_code == 401
    assert await stranger.settlements() == []
    hidden = await stranger.owner.request(
        "GET", "settlement", "/api/settlements/preview", payee_id=str(payday.factory_id)
    )
    assert await code_of(hidden) == (404, "payee_not_found")
    customer = await one_house.person()
    worker = await one_house.person(Role.OFFICE_STAFF, Scope.WAREHOUSE)
    assert (await customer.request("GET", "settlement", "/api/settlements")).status_code == 403
    # An office's staff see those of the office that they manage, and this person manages none.
    assert (await worker.get("settlement", "/api/settlements"))["items"] == []
    for person in (customer, worker, payday.owner):
        await _refused_everything(person, one)
    admin = await one_house.admin()
    summary = await admin.get("settlement", "/api/settlements/summary")
    assert sum(each["count"] for each in summary["statuses"]) >= 1
    assert (await admin.request("POST", "settlement", f"{one}/process")).status_code == 401
    listed = await admin.get("settlement", "/api/settlements", payee_id=str(payday.factory_id))
    assert [each["id"] for each in listed["items"]] == [made["id"]]
    text = (await payday.owner.request("GET", "settlement", one)).text
    assert "0000121212" not in text


async def _refused_everything(person: Person, one: str) -> None:
    paths = [f"{one}/{what}" for what in ("approve", "hold", "release", "retry", "cancel")]
    for path in (*paths, "/api/settlements/generate", "/api/settlements/adjustments"):
        assert (await person.request("POST", "settlement", path, {"reason": "Coba-coba"})).status_code == 403
    for path in ("/api/settlements/summary", "/api/settlements/agreements", "/api/settlements/adjustments"):
        assert (await person.request("GET", "settlement", path)).status_code == 403


async def test_an_unknown_settlement_is_not_found(one_house: House) -> None:
    finance = await clerk(one_house)
    unknown = f"/api/settlements/{UUID(int=1)}"
    assert (await finance.request("GET", "settlement", unknown)).status_code == 404
    for what, body in (("approve", None), ("hold", {"reason": "Mencoba"}), ("release", None), ("retry", None)):
        assert (await finance.request("POST", "settlement", f"{unknown}/{what}", body)).status_code == 404
    headers = {"Authorization": f"Bearer {one_house.service_token('settlement')}"}
    assert (await one_house.request("POST", "settlement", f"{unknown}/process", headers=headers)).status_code == 404


async def test_the_friday_job_by_the_calendar(one_house: House) -> None:
    payday = await Payday.open(one_house)
    await payday.delivered(400_000)
    day: date = payday.until_payday()
    await one_house.eventually(lambda: _has_one(payday), seconds=120)
    paid = await payday.becomes((await payday.settlements())[0], "completed")
    assert (paid["pay_on"], paid["payout_amount"]) == (day.isoformat(), 360_000)


async def _has_one(payday: Payday) -> bool:
    return len(await payday.settlements()) == 1
