"""Batches and the provider's word: sent once, asked first, in any order, and money back exactly once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from patungan.kernel.time import JAKARTA
from patungan.kernel.workflows import run_due_schedules
from patungan.ledger import accounts
from patungan.providers.payouts import next_return_look
from patungan.services.wallet.operations import batches
from patungan.services.wallet.processes import schedules
from tests.house import House, Person
from tests.purse import (
    ACCOUNT,
    RETURNING,
    STAYING,
    balance,
    becomes,
    entries,
    faults,
    on_books,
    outcome,
    payout_callback,
    payouts,
    rich,
    run_batch,
    shown,
    tell,
    value,
    withdraw,
)

BACK: dict[str, int] = {}
"""What a withdrawal leaves on the books once it is given back whole."""


async def processing(house: House, amount: int = 100_000) -> tuple[Person, dict[str, Any], str]:
    """Somebody whose withdrawal is with the provider and stays there; answers the payout's id as well."""
    person = await rich(house, amount)
    made = await withdraw(person, amount, STAYING)
    await run_batch(house)

    async def sent() -> bool:
        query = "select payout_id is not null from withdrawals where code = $1"
        return bool(await value(house, query, made["code"]))

    await house.eventually(sent)
    (payout,) = await payouts(house, made["code"])
    return person, made, payout["id"]


async def test_failed_three_times_gives_back_once(one_house: House) -> None:
    sari, made, payout_id = await processing(one_house)
    body = payout_callback(made, "FAILED", payout_id)
    told = [await tell(one_house, body, webhook_id=f"w-{n}") for n in range(3)]
    assert len({answer.json()["event_id"] for answer in told}) == 1
    assert await outcome(one_house, told[0]) == "failed"
    again = await tell(one_house, payout_callback(made, "FAILED", payout_id, failure_code="REJECTED_BY_CHANNEL"))
    assert await outcome(one_house, again) == "unchanged"
    assert await balance(sari) == 100_000
    assert (await shown(sari, made))["failure_reason"] == "INVALID_DESTINATION"
    assert await entries(one_house, made["code"]) == BACK
    late = await tell(one_house, payout_callback(made, "SUCCEEDED", payout_id))
    assert await outcome(one_house, late) == "conflict"
    assert await balance(sari) == 100_000


async def test_completed_then_failed_then_reversed(one_house: House) -> None:
    sari, made, payout_id = await processing(one_house)
    bodies = [payout_callback(made, status, payout_id) for status in ("SUCCEEDED", "FAILED", "REVERSED")]
    outcomes = [await outcome(one_house, await tell(one_house, body)) for body in (bodies[0], bodies[0], *bodies[1:])]
    assert outcomes == ["completed", "completed", "conflict", "reversed"]
    assert await balance(sari) == 100_000
    assert await entries(one_house, made["code"]) == BACK
    assert (await shown(sari, made))["failure_reason"] == "REVERSED"


async def test_reversed_before_it_was_paid(one_house: House) -> None:
    sari, made, payout_id = await processing(one_house)
    assert await outcome(one_house, await tell(one_house, payout_callback(made, "REVERSED", payout_id))) == "reversed"
    assert await outcome(one_house, await tell(one_house, payout_callback(made, "SUCCEEDED", payout_id))) == "unchanged"
    assert await balance(sari) == 100_000
    assert await entries(one_house, made["code"]) == BACK


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"amount": 97_501}, "mismatch"),
        ({"currency": "USD"}, "mismatch"),
        ({"id": "disb-of-somebody-else"}, "conflict"),
        ({"reference_id": "WD-20261123-ZZZZZZ"}, "unknown"),
        ({"reference_id": "SET-20261123-ABCDEF"}, "handed_on"),
    ],
)
async def test_what_does_not_fit_changes_nothing_and_is_kept(
    one_house: House, change: dict[str, Any], expected: str
) -> None:
    sari, made, payout_id = await processing(one_house, 100_000)
    body = payout_callback(made, "SUCCEEDED", payout_id)
    body["data"] |= change
    told = await tell(one_house, body)
    assert await outcome(one_house, told) == expected
    assert (await shown(sari, made))["status"] == "processing"
    admin = await one_house.admin()
    listed = await admin.get("wallet", "/api/withdrawals/webhook-events", outcome=expected, limit=100)
    assert told.json()["event_id"] in [each["id"] for each in listed["items"]]
    await tell(one_house, payout_callback(made, "SUCCEEDED", payout_id))
    await becomes(sari, made, "completed")


async def test_an_unknown_kind_of_news_is_kept(one_house: House) -> None:
    told = await tell(one_house, {"event": "payout.telegraphed", "data": {"id": "x"}})
    assert await outcome(one_house, told) == "unknown"


@pytest.mark.parametrize("token", [None, "wrong", "x" * 48])
async def test_a_wrong_token_is_refused(one_house: House, token: str | None) -> None:
    before = await value(one_house, "select count(*) from webhook_events")
    refused = await tell(one_house, {"event": "payout.telegraphed", "data": {}}, token=token)
    assert (refused.status_code, refused.json()["code"]) == (401, "webhook_refused")
    assert await value(one_house, "select count(*) from webhook_events") == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"event":"payout.failed"}'])
async def test_what_cannot_be_read_is_refused(one_house: House, body: bytes) -> None:
    refused = await tell(one_house, body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")


async def test_five_batches_at_once_send_each_once(one_house: House) -> None:
    people = [await rich(one_house, 50_000) for _ in range(6)]
    made = [await withdraw(person, 50_000) for person in people]
    await asyncio.gather(*(run_batch(one_house) for _ in range(5)))
    for person, each in zip(people, made, strict=True):
        await becomes(person, each, "completed")
        assert len(await payouts(one_house, each["code"])) == 1
        assert await entries(one_house, each["code"]) == {
            "wallet": 50_000, "gateway_clearing": -47_500, "withdrawal_fee_income": -2_500,
        }  # fmt: skip


async def test_a_batch_with_a_key_is_one_batch(one_house: House) -> None:
    answers = [(await run_batch(one_house, "tuesday")).json()["workflow_id"] for _ in range(2)]
    assert answers == ["withdrawal-batch-tuesday"] * 2


async def test_an_answer_that_never_was_is_asked_for_before_anything_is_sent_again(one_house: House) -> None:
    sari = await rich(one_house, 100_000)
    await faults(one_house, {"provider": "xendit", "operation": "create_payout", "action": "timeout_before"})
    made = await withdraw(sari, 100_000)
    await run_batch(one_house)

    async def asked() -> bool:
        return (await shown(sari, made))["sent_at"] is not None

    await one_house.eventually(asked)
    await asyncio.sleep(0.5)
    assert await payouts(one_house, made["code"]) == []
    assert ((await shown(sari, made))["status"], await balance(sari)) == ("processing", 0)
    await faults(one_house)
    one_house.later(minutes=10)
    await becomes(sari, made, "completed")
    assert len(await payouts(one_house, made["code"])) == 1


async def test_what_our_money_does_not_suffice_for_stays_pending(one_house: House) -> None:
    small, large = await rich(one_house, 60_000), await rich(one_house, 200_000_000)
    first = await withdraw(small, 60_000)
    second = await withdraw(large, 200_000_000)
    await run_batch(one_house)
    await becomes(small, first, "completed")
    assert ((await shown(large, second))["status"], await balance(large)) == ("pending", 0)
    admin = await one_house.admin()
    latest = (await admin.get("wallet", "/api/withdrawals/batches"))["items"][0]
    assert (latest["left_count"], latest["left_amount"]) == (1, 199_997_500)
    await large.post("wallet", f"/api/withdrawals/{second['id']}/cancel")
    assert await balance(large) == 200_000_000


async def test_a_payout_that_failed_for_want_of_our_money_is_tried_anew(one_house: House) -> None:
    sari, made, payout_id = await processing(one_house)
    lacking = payout_callback(made, "FAILED", payout_id, failure_code="INSUFFICIENT_BALANCE")
    assert await outcome(one_house, await tell(one_house, lacking)) == "retried"
    assert ((await shown(sari, made))["status"], await balance(sari)) == ("processing", 0)
    one_house.later(minutes=31)

    async def again() -> bool:
        return len(await payouts(one_house, f"{made['code']}-2")) == 1

    await one_house.eventually(again)
    (second,) = await payouts(one_house, f"{made['code']}-2")
    assert await outcome(one_house, await tell(one_house, lacking)) == "retried"
    done = payout_callback(made, "SUCCEEDED", second["id"], reference=f"{made['code']}-2")
    assert await outcome(one_house, await tell(one_house, done)) == "completed"
    assert (await shown(sari, made))["status"] == "completed"


async def test_many_callbacks_at_once(one_house: House) -> None:
    known = [await processing(one_house, 20_000) for _ in range(5)]
    bodies = [payout_callback(made, "SUCCEEDED", payout_id) for _, made, payout_id in known]
    told = await asyncio.gather(*(tell(one_house, body) for body in bodies for _ in range(4)))
    assert {answer.status_code for answer in told} == {200}
    for person, made, _ in known:
        await becomes(person, made, "completed")
    assert await value(one_house, "select count(*) from webhook_events where deliveries >= 4") >= 5


def jakarta(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 3, day, hour, minute, tzinfo=JAKARTA).astimezone(UTC)


async def test_the_calendar_of_batches(one_house: House) -> None:
    """Mon 09:00 goes on Tue 10:00, Tue 10:01 on Fri 10:00 (1 March 2027 is a Monday)."""
    ctx = one_house.context("wallet")
    one_house.clock.advance(jakarta(1, 9) - one_house.clock.now())
    monday = await rich(one_house, 50_000)
    first = await withdraw(monday, 50_000)
    assert datetime.fromisoformat(first["batch_at"]) == jakarta(2, 10)
    await run_due_schedules(ctx, schedules)
    one_house.clock.advance(jakarta(2, 9, 59) - one_house.clock.now())
    assert (await shown(monday, first))["status"] == "pending"
    one_house.clock.advance(jakarta(2, 10, 1) - one_house.clock.now())
    tuesday = await rich(one_house, 50_000)
    second = await withdraw(tuesday, 50_000)
    assert datetime.fromisoformat(second["batch_at"]) == jakarta(5, 10)
    await becomes(monday, first, "completed")
    assert (await shown(tuesday, second))["status"] == "pending"
    cut = await value(
        one_house, "select cut_at from withdrawal_batches where cause = 'schedule' order by started_at desc limit 1"
    )
    assert cut == jakarta(2, 10)
    # A worker that was down: the batch runs late and takes what was requested before its hour all the same.
    one_house.clock.advance(jakarta(5, 10, 30) - one_house.clock.now())
    await becomes(tuesday, second, "completed")


async def test_reports_and_alerts(one_house: House) -> None:
    finance = await one_house.admin()
    for _ in range(2):
        await processing(one_house, 20_000)
    report = await finance.get("wallet", "/api/withdrawals/report")
    assert report["processing"] >= 2
    assert (report["failed_lately"], "failures" in report["alerts"]) == (0, False)
    totals = await finance.get("wallet", "/api/wallet/reports/totals")
    ties = {each["name"]: (each["own"], each["ledger"]) for each in totals["ties"]}
    assert totals["whole"], ties
    assert ties["withdrawals_on_their_way"][1] == await on_books(one_house, accounts.WITHDRAWAL_CLEARING)
    assert {each["type"] for each in totals["moves"]} >= {"refund", "withdrawal"}


async def test_no_withdrawal_is_taken_up_twice(one_house: House) -> None:
    person = await rich(one_house, 50_000)
    made = await withdraw(person, 50_000, ACCOUNT)
    ctx = one_house.context("wallet")
    batch = await batches.open_batch(ctx, "test-twice", "request", ctx.clock.now())
    assert (await batches.open_batch(ctx, "test-twice", "request", ctx.clock.now())).id == batch.id
    claimed = await asyncio.gather(*(batches.claim(ctx, batch.id, batch.cut_at) for _ in range(3)))
    assert claimed == [1, 1, 1]
    assert sorted(await asyncio.gather(*(batches.send_some(ctx, batch.id) for _ in range(4)))) == [0, 0, 0, 1]
    assert len(await payouts(one_house, made["code"])) == 1
    await becomes(person, made, "completed")


async def test_a_payout_that_came_back_is_found_though_its_news_is_lost(one_house: House) -> None:
    # The first callback, of the payout's success, passes; the second, that it came back, is lost.
    lost = {"provider": "xendit", "operation": "callback.payout", "action": "lose", "probability": 0.5, "seed": 1}
    await faults(one_house, lost)
    person = await rich(one_house, 100_000)
    withdrawal = await withdraw(person, 100_000, RETURNING)
    await run_batch(one_house)
    await becomes(person, withdrawal, "completed")
    one_house.later(hours=23)
    await asyncio.sleep(0.5)
    assert (await payouts(one_house, withdrawal["code"]))[0]["status"] == "REVERSED"
    assert (await shown(person, withdrawal))["status"] == "completed"
    one_house.later(hours=1, minutes=5)
    failed = await becomes(person, withdrawal, "failed")
    assert failed["failure_reason"] == "REVERSED"
    assert await balance(person) == 100_000
    await faults(one_house)


def test_a_completed_payout_is_asked_for_after_a_day_three_days_and_a_week() -> None:
    arrived = datetime(2026, 11, 24, 3, tzinfo=UTC)
    after = [next_return_look(arrived, arrived + timedelta(days=days)) for days in (0, 1, 2.9, 3, 7, 30)]
    assert [at and (at - arrived).days for at in after] == [1, 3, 3, 7, None, None]
