"""The decisions of whatsapp, one by one, its templates and its settings."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.contracts.whatsapp import UnknownTemplate
from patungan.kernel.errors import InvalidInput
from patungan.kernel.settings import SettingsError, load
from patungan.providers.whatsapp import BASE_URL
from patungan.services.whatsapp.gateway import api_base
from patungan.services.whatsapp.rules import (
    FIRST_WAIT_SECONDS,
    LONGEST_WAIT_SECONDS,
    OUTCOME_UNKNOWN,
    UNAVAILABLE,
    UNKNOWN_OUTCOMES,
    Outcome,
    Settlement,
    Status,
    Verdict,
    masked,
    moved,
    one_line,
    prepare,
    settle,
)
from patungan.services.whatsapp.service import Settings
from patungan.services.whatsapp.templates import TEMPLATES

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
STATUSES = st.sampled_from(Status)
WAY = [Status.QUEUED, Status.SENT, Status.DELIVERED, Status.READ]


def test_every_template_speaks_both_languages_and_uses_each_of_its_parameters() -> None:
    assert set(TEMPLATES) == {
        *("otp", "purchase_order", "purchase_order_reminder", "session_success", "pickup", "reason_request")
    }
    for name, template in TEMPLATES.items():
        assert name == template.name
        assert set(template.texts) == {"id", "en"}
        for text in template.texts.values():
            places = {int(number) for number in re.findall(r"\{\{(\d+)\}\}", text)}
            assert places == set(range(1, len(template.parameters) + 1))


def test_a_filled_template_reads_as_the_receiver_sees_it() -> None:
    filled = TEMPLATES["session_success"].filled("en", ["Batik {{2}}", "GB-20261123-ABCDE", "100"])
    assert filled == (
        "Group session GB-20261123-ABCDE for Batik {{2}} succeeded with 100 units sold. See the details on Patungan."
    )


def test_a_message_is_prepared_as_whatsapp_takes_it() -> None:
    message = prepare("0812-3456-7890", "purchase_order", "id", ["PO-1", "M 22\n XL\t 7\n\n", "  30  November "])
    assert (message.phone, message.language) == ("+6281234567890", "id")
    assert message.parameters == ["PO-1", "M 22, XL 7", "30 November"]
    assert message.stored_parameters == message.parameters
    assert prepare("+6281234567890", "otp", "en", ["123456"]).stored_parameters == []


@pytest.mark.parametrize(
    ("phone", "template", "language", "parameters", "problem", "field"),
    [
        ("+6221555123", "otp", "id", ["123456"], InvalidInput, "phone"),
        ("081234567890", "invoice", "id", ["1"], UnknownTemplate, "template"),
        ("081234567890", "otp", "jv", ["123456"], UnknownTemplate, "language"),
        ("081234567890", "otp", "id", [], InvalidInput, "parameters"),
        ("081234567890", "otp", "id", ["1", "2"], InvalidInput, "parameters"),
        ("081234567890", "otp", "id", [" \n "], InvalidInput, "parameters"),
        ("081234567890", "pickup", "id", ["PT-1", "besok", "x" * 1100], InvalidInput, "parameters"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_field(
    phone: str,
    template: str,
    language: str,
    parameters: list[str],
    problem: type[InvalidInput | UnknownTemplate],
    field: str,
) -> None:
    with pytest.raises(problem) as caught:
        prepare(phone, template, language, parameters)
    assert caught.value.field == field


@given(st.text(max_size=300))
def test_a_parameter_never_holds_what_whatsapp_refuses(text: str) -> None:
    line = one_line(text)
    assert not re.search(r"[\n\r\t]| {2,}", line)
    assert line == line.strip()
    assert one_line(line) == line


def _settled(verdict: Verdict, **other: object) -> Settlement:
    given_counts = {
        "attempts": 1,
        "unknown_outcomes": 1,
        "deliver_until": NOW + DAY,
        "now": NOW,
        "jitter": 1.0,
        **other,
    }
    failure = {Verdict.REFUSED: "not deliverable", Verdict.LATER: "rate limit"}.get(verdict)
    wait = float(str(given_counts.pop("wait", 0.0)))
    return settle(Outcome(verdict=verdict, failure=failure, wait=wait), **given_counts)  # type: ignore[arg-type]


def test_an_accepted_message_is_sent_and_a_refused_one_failed_for_good() -> None:
    assert _settled(Verdict.ACCEPTED) == Settlement(status=Status.SENT)
    assert _settled(Verdict.REFUSED) == Settlement(status=Status.FAILED, failure="not deliverable")


def test_a_message_that_was_not_taken_is_tried_again_ever_later() -> None:
    waits = []
    for attempts in (1, 2, 3, 8, 9, 500):
        settled = _settled(Verdict.LATER, attempts=attempts)
        assert settled.status is Status.QUEUED
        assert settled.next_attempt_at is not None
        waits.append((settled.next_attempt_at - NOW).total_seconds())
    assert waits == [FIRST_WAIT_SECONDS, 10.0, 20.0, 640.0, LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS]
    asked = _settled(Verdict.LATER, wait=120.0)
    assert asked.next_attempt_at == NOW + timedelta(seconds=120)


def test_nobody_waits_for_ever() -> None:
    failed = Settlement(status=Status.FAILED, failure=UNAVAILABLE)
    assert _settled(Verdict.LATER, deliver_until=None) == failed
    assert _settled(Verdict.LATER, deliver_until=NOW + timedelta(seconds=5)) == failed
    assert _settled(Verdict.LATER, deliver_until=NOW + timedelta(seconds=6)).status is Status.QUEUED


def test_an_unknown_outcome_is_repeated_after_a_minute_but_not_often() -> None:
    again = _settled(Verdict.UNKNOWN, unknown_outcomes=UNKNOWN_OUTCOMES - 1)
    assert again == Settlement(status=Status.QUEUED, next_attempt_at=NOW + timedelta(seconds=60))
    failed = Settlement(status=Status.FAILED, failure=OUTCOME_UNKNOWN)
    assert _settled(Verdict.UNKNOWN, unknown_outcomes=UNKNOWN_OUTCOMES) == failed
    assert _settled(Verdict.UNKNOWN, deliver_until=None) == failed


@given(st.lists(STATUSES, max_size=8))
def test_news_in_any_order_leads_to_the_furthest_status(news: list[Status]) -> None:
    status, failure = Status.QUEUED, None
    for each in news:
        before = status
        status = moved(status, failure, each)
        failure = "not deliverable" if status is Status.FAILED else None
        if Status.FAILED not in (before, status):
            assert WAY.index(status) >= WAY.index(before)
        # News that comes twice changes nothing.
        assert moved(status, failure, each) is status
    if Status.FAILED not in news:
        assert status is max([Status.QUEUED, *news], key=WAY.index)


def test_what_whatsapp_told_stands_and_what_we_assumed_gives_way() -> None:
    assert moved(Status.FAILED, "not deliverable", Status.READ) is Status.FAILED
    assert moved(Status.FAILED, OUTCOME_UNKNOWN, Status.DELIVERED) is Status.DELIVERED
    assert moved(Status.DELIVERED, None, Status.FAILED) is Status.DELIVERED
    assert moved(Status.SENT, None, Status.FAILED) is Status.FAILED


@given(st.from_regex(r"\+628[0-9]{8,11}", fullmatch=True))
def test_a_masked_number_hides_the_middle(phone: str) -> None:
    shown = masked(phone)
    assert len(shown) == len(phone)
    assert shown[6:-3] == "*" * (len(phone) - 9)
    assert (shown[:6], shown[-3:]) == (phone[:6], phone[-3:])


def test_the_guides_address_stands_for_the_api_that_it_means() -> None:
    assert api_base("https://api.whatsapp.com/send") == BASE_URL
    assert api_base("http://127.0.0.1:3900/whatsapp") == "http://127.0.0.1:3900/whatsapp"


COMMON = {
    "DATABASE_URL": "postgresql://db/ecommerce",
    "REDIS_URL": "redis://cache",
    "JWT_SECRET": "J0" + "abcdefghijklmnop" * 6,
    "SERVICE_TOKEN_SECRET": "S0" + "abcdefghijklmnop" * 6,
    "PATUNGAN_ENVIRONMENT": "production",
}


def test_production_does_not_start_with_a_weak_token() -> None:
    strong = {
        **COMMON,
        "WHATSAPP_API_TOKEN": "EAAG" + "abcdefghijklmnop" * 6,
        "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
        "WHATSAPP_APP_SECRET": "0123456789abcdef0123456789abcdef",
    }
    assert load(Settings, strong).whatsapp_api_url == BASE_URL
    for variable in ("WHATSAPP_API_TOKEN", "WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_APP_SECRET"):
        for weak in ("", "x1"):
            with pytest.raises(SettingsError) as refused:
                load(Settings, {**strong, variable: weak})
            assert [fault.split(" ")[0] for fault in refused.value.faults] == [variable]
    with pytest.raises(SettingsError, match="placeholder"):
        load(Settings, {**strong, "WHATSAPP_API_TOKEN": "your-whatsapp-business-token-of-the-guide"})
