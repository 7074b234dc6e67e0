"""The decisions of the wallet, one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.kernel.time import JAKARTA
from patungan.providers.payouts import (
    Outcome,
    PayoutNews,
    Stage,
    Standing,
    Told,
    attempt_of,
    judge_news,
    payout_key,
    payout_reference,
)
from patungan.services.wallet import rules
from patungan.services.wallet.rules import (
    Alert,
    Refusal,
    Terms,
    TransactionType,
    batch_of,
    batch_start_by,
    judge_request,
)

TERMS = Terms(minimum=10_000, fee=2_500, daily_count=5, daily_amount=250_000_000)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("amount", "balance", "count", "total", "refusal"),
    [
        (100_000, 100_000, 0, 0, None),
        (9_999, 100_000, 0, 0, Refusal.TOO_SMALL),
        (10_000, 10_000, 0, 0, None),
        (50_001, 50_000, 0, 0, Refusal.INSUFFICIENT),
        (10_000, 50_000, 5, 0, Refusal.TOO_MANY_TODAY),
        (10_000, 50_000, 4, 249_990_000, None),
        (10_001, 50_000, 4, 249_990_000, Refusal.TOO_MUCH_TODAY),
    ],
)
def test_what_may_be_requested(amount: int, balance: int, count: int, total: int, refusal: Refusal | None) -> None:
    assert judge_request(TERMS, amount, balance, count, total) is refusal


def test_nothing_may_be_eaten_up_by_the_fee() -> None:
    assert judge_request(Terms(1_000, 2_500, 5, 10**9), 2_500, 10_000, 0, 0) is Refusal.TOO_SMALL


@given(MOMENTS)
def test_a_request_is_in_the_first_batch_that_starts_after_it(moment: datetime) -> None:
    batch = batch_of(moment)
    local = batch.astimezone(JAKARTA)
    assert (local.weekday(), local.hour, local.minute, local.second) in ((1, 10, 0, 0), (4, 10, 0, 0))
    assert moment < batch <= moment + timedelta(days=4)
    assert batch_start_by(moment) <= moment
    assert batch_start_by(batch) == batch
    assert batch_of(batch_start_by(moment)) == batch


@pytest.mark.parametrize(
    ("requested", "batch"),
    [
        ("2027-03-01T09:00", "2027-03-02T10:00"),
        ("2027-03-02T09:59", "2027-03-02T10:00"),
        ("2027-03-02T10:00", "2027-03-05T10:00"),
        ("2027-03-02T10:01", "2027-03-05T10:00"),
        ("2027-03-05T10:01", "2027-03-09T10:00"),
    ],
)
def test_the_calendar(requested: str, batch: str) -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=JAKARTA)

    assert batch_of(at(requested)) == at(batch)


STAGES = st.sampled_from(Stage)
STANDINGS = st.builds(
    Standing,
    stage=STAGES,
    net_amount=st.just(97_500),
    attempt=st.integers(1, 3),
    payout_id=st.sampled_from([None, "disb-1"]),
    reversed=st.booleans(),
)


def _news(told: Told, *, amount: int = 97_500, payout_id: str = "disb-1", currency: str = "IDR") -> PayoutNews:
    return PayoutNews("WD-20261123-ABCDEF", payout_id, amount, currency, told)


@given(STANDINGS, st.sampled_from(Told), st.integers(1, 4))
def test_money_moves_only_from_where_it_is(known: Standing, told: Told, attempt: int) -> None:
    outcome = judge_news(known, attempt, _news(told))
    if outcome in (Outcome.COMPLETED, Outcome.FAILED, Outcome.RETRIED, Outcome.SENT):
        assert known.stage is Stage.PROCESSING and attempt == known.attempt
    if outcome is Outcome.REVERSED:
        assert known.stage in (Stage.PROCESSING, Stage.COMPLETED) and attempt == known.attempt
    if known.stage in (Stage.FAILED, Stage.CANCELLED, Stage.PENDING):
        assert outcome in (Outcome.UNCHANGED, Outcome.CONFLICT)


@given(STANDINGS, st.sampled_from(Told))
def test_another_amount_or_payout_never_counts(known: Standing, told: Told) -> None:
    assert judge_news(known, known.attempt, _news(told, amount=97_499)) is Outcome.MISMATCH
    assert judge_news(known, known.attempt, _news(told, currency="USD")) is Outcome.MISMATCH
    if known.payout_id is not None:
        assert judge_news(known, known.attempt, _news(told, payout_id="disb-2")) is Outcome.CONFLICT


@given(st.integers(1, 9_999))
def test_references_name_their_attempt(attempt: int) -> None:
    assert attempt_of("WD", payout_reference("WD-20261123-ABCDEF", attempt)) == ("WD-20261123-ABCDEF", attempt)


@pytest.mark.parametrize(
    "reference", [None, "", "REF-20261123-ABCDEF", "WD-20261123-ABCDEF-", "WD-1", "xWD-20261123-ABCDEF"]
)
def test_other_references_are_not_ours(reference: str | None) -> None:
    assert attempt_of("WD", reference) is None


def test_the_first_attempt_goes_under_the_withdrawals_id() -> None:
    one = UUID(int=1)
    assert payout_key(one, 1) == str(one)
    assert payout_key(one, 2) == f"{one}-2"


NOW = datetime(2027, 3, 9, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("completed", "failed", "pending", "since", "alerts"),
    [
        (0, 0, 0, None, []),
        (90, 10, 100, NOW - timedelta(days=4), []),
        (89, 11, 0, None, [Alert.FAILURES]),
        (0, 1, 0, None, [Alert.FAILURES]),
        (0, 0, 0, NOW - timedelta(days=4, seconds=1), [Alert.BATCH_OVERDUE]),
        (0, 0, 101, None, [Alert.MANY_PENDING]),
    ],
)
def test_alerts(completed: int, failed: int, pending: int, since: datetime | None, alerts: list[Alert]) -> None:
    assert rules.alerts_of(NOW, completed, failed, pending, since) == alerts


@pytest.mark.parametrize("text", ["=1+1", "+62", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert rules.csv_text(text) == "'" + text


def test_what_comes_back_is_said_so() -> None:
    for kind in TransactionType:
        gone = rules.describe(kind, "X-1", amount=-1, english=True)
        back = rules.describe(kind, "X-1", amount=1, english=True)
        assert "X-1" in gone and (gone != back) == (kind in (TransactionType.PAYMENT, TransactionType.WITHDRAWAL))
