"""Texts of notifications, the choice of language, what an SMS attempt means, and the settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.contracts import logistics
from patungan.contracts.factory import FactoryStatusChanged, FactoryVerified
from patungan.contracts.group_buying import (
    ParticipantConfirmed,
    ParticipantExpiring,
    ParticipantRefunded,
    ParticipantWaitingForStock,
    SessionMoqReached,
    SessionOpened,
)
from patungan.contracts.order import OrderCreated, OrderStatusChanged
from patungan.contracts.warehouse import PurchaseOrderStatusChanged
from patungan.kernel.money import Rupiah
from patungan.kernel.settings import SettingsError, load
from patungan.providers.couriers import ShipmentStatus
from patungan.services.notification import templates
from patungan.services.notification.notice import LONGEST_MESSAGE, LONGEST_NAME, LONGEST_TITLE, Notice, Text, shortened
from patungan.services.notification.rules import (
    DeliveryStatus,
    Failure,
    NotificationType,
    Outcome,
    preferred_language,
    refusal,
)
from patungan.services.notification.service import Settings

MIGRATION = Path(templates.__file__).parent / "migrations" / "0001_notifications.sql"
ONE, TWO, THREE, FOUR, FIVE = (UUID(int=number) for number in range(2, 7))
ENDS = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "id"),
        ("", "id"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("EN-us", "en"),
        ("id", "id"),
        ("id-ID,id;q=0.9,en-US;q=0.8,en;q=0.7", "id"),
        ("en;q=0.5,id;q=0.9", "id"),
        ("id;q=0.1, en;q=0.2", "en"),
        ("fr-FR, en;q=0.3", "en"),
        ("fr", "id"),
        ("*", "id"),
        ("id;q=0, *", "en"),
        ("en;q=0", "id"),
        ("en;q=high", "id"),
        ("en;q=7", "id"),
        ("en;q=nan", "id"),
        ("en,id", "id"),
        ("english", "id"),
        (";;,=", "id"),
    ],
)
def test_the_language_is_the_one_asked_for_and_indonesian_otherwise(accepted: str | None, language: str) -> None:
    assert preferred_language(accepted) == language


@given(st.text(max_size=80))
def test_any_header_names_a_language(accepted: str) -> None:
    assert preferred_language(accepted) in ("id", "en")


def test_names_are_cut_to_what_fits() -> None:
    assert shortened("  Kemeja\n Batik ") == "Kemeja Batik"
    assert shortened("x" * LONGEST_NAME) == "x" * LONGEST_NAME
    assert shortened("x" * (LONGEST_NAME + 1)) == "x" * (LONGEST_NAME - 1) + "…"


def _session(name: str) -> dict[str, Any]:
    return {
        "session_id": ONE,
        "code": "GB-20261123-ABCDE",
        "product_id": TWO,
        "product_name": name,
        "factory_id": THREE,
    }


def _participant(name: str) -> dict[str, Any]:
    return {**_session(name), "participant_id": FOUR, "user_id": FIVE, "quantity": 12}


def _confirmed(name: str, cashback: int = 1_250_000) -> Notice:
    return templates.group_confirmed(
        ParticipantConfirmed(**_participant(name), tier=75, unit_price=Rupiah(80_000), cashback=Rupiah(cashback))
    )


def _order(name: str) -> Notice:
    return templates.order_created(
        OrderCreated(
            order_id=ONE, number="ORD-20261123-ABCDEFG", user_id=TWO, factory_id=THREE, session_id=FOUR,
            product_name=name, quantity=12, total=Rupiah(1_250_000),
        )
    )  # fmt: skip


NAMED: list[Callable[[str], Notice | None]] = [
    _confirmed,
    _order,
    lambda name: templates.group_expiring(ParticipantExpiring(**_participant(name), ends_at=ENDS)),
    lambda name: templates.waiting_for_stock(ParticipantWaitingForStock(**_participant(name))),
    lambda name: templates.group_failed(ParticipantRefunded(**_participant(name), reason="cancelled")),
    lambda name: templates.session_opened(SessionOpened(**_session(name), ends_at=ENDS)),
    lambda name: templates.moq_reached(SessionMoqReached(**_session(name), paid_quantity=1_000)),
    lambda name: templates.factory_verified(FactoryVerified(factory_id=ONE, owner_id=TWO, name=name)),
    lambda name: templates.factory_moved(
        FactoryStatusChanged(factory_id=ONE, owner_id=TWO, name=name, status="active")
    ),
]


@given(st.sampled_from(NAMED), st.text(max_size=600))
def test_no_name_makes_a_text_that_cannot_be_stored(told: Callable[[str], Notice | None], name: str) -> None:
    notice = told(name)
    assert notice is not None
    for text in (notice.indonesian, notice.english):
        assert 1 <= len(text.title) <= LONGEST_TITLE
        assert 1 <= len(text.message) <= LONGEST_MESSAGE
        assert shortened(name) in text.message


def test_a_confirmed_participant_reads_price_and_cashback() -> None:
    with_cashback, without = _confirmed("Kemeja Batik"), _confirmed("Kemeja Batik", cashback=0)
    assert with_cashback.indonesian == Text(
        "Sesi berhasil!",
        "Sesi GB-20261123-ABCDE untuk Kemeja Batik berhasil: 12 unit dengan harga Rp 80.000 per unit."
        " Cashback Rp 1.250.000 masuk ke dompet Anda.",
    )
    assert without.english == Text(
        "Session succeeded!", "Session GB-20261123-ABCDE for Kemeja Batik succeeded: quantity 12 at Rp 80.000 each."
    )
    assert (with_cashback.action_url, with_cashback.related_id) == ("/sessions/GB-20261123-ABCDE", FOUR)


def test_the_end_of_a_session_is_told_in_the_time_of_jakarta() -> None:
    notice = templates.group_expiring(ParticipantExpiring(**_participant("Kemeja"), ends_at=ENDS))
    assert "berakhir pukul 14.05 WIB" in notice.indonesian.message
    assert "ends at 14:05 WIB" in notice.english.message


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("ready_for_pickup", NotificationType.READY_FOR_PICKUP),
        ("picked_up", NotificationType.PICKED_UP),
        ("in_transit", NotificationType.SHIPPED),
        ("delivered", NotificationType.DELIVERED),
        ("cancelled", NotificationType.ORDER_CANCELLED),
        ("paid", None),
        ("processing", None),
        ("refunded", None),
        ("of a later version", None),
    ],
)
def test_an_order_s_moves_are_told_by_their_type(status: str, told: NotificationType | None) -> None:
    event = OrderStatusChanged(order_id=ONE, number="ORD-20261123-ABCDEFG", user_id=TWO, status=status)
    notice = templates.order_moved(event)
    assert (notice.type if notice else None) is told
    if notice is not None:
        assert "ORD-20261123-ABCDEFG" in notice.indonesian.message
        assert "ORD-20261123-ABCDEFG" in notice.english.message
        assert notice.action_url == "/orders/ORD-20261123-ABCDEFG"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("pending", NotificationType.PURCHASE_ORDER_CHANGED),
        ("confirmed", NotificationType.PURCHASE_ORDER_CHANGED),
        ("in_production", NotificationType.PRODUCTION_STARTED),
        ("shipped", NotificationType.PRODUCTION_COMPLETED),
        ("received", NotificationType.PURCHASE_ORDER_CHANGED),
        ("cancelled", NotificationType.PURCHASE_ORDER_CHANGED),
        ("of a later version", None),
    ],
)
def test_a_purchase_order_s_moves_are_told_by_their_type(status: str, told: NotificationType | None) -> None:
    event = PurchaseOrderStatusChanged(
        purchase_order_id=ONE, code="PO-20261123-ABCDE", factory_id=TWO, session_id=THREE, status=status
    )
    notice = templates.purchase_order_moved(event)
    assert (notice.type if notice else None) is told
    assert notice is None or "PO-20261123-ABCDE" in notice.indonesian.message


@pytest.mark.parametrize("status", ["pending", "active", "inactive", "suspended"])
def test_a_factory_s_name_is_taken_as_it_is(status: str) -> None:
    event = FactoryStatusChanged(factory_id=ONE, owner_id=TWO, name="Pabrik {0} {x}", status=status)
    notice = templates.factory_moved(event)
    assert notice is not None
    assert notice.indonesian.message.startswith("Pabrik {0} {x} ")
    assert templates.factory_moved(FactoryStatusChanged(factory_id=ONE, owner_id=TWO, name="P", status="new")) is None


def test_the_schema_and_the_code_name_the_same_values() -> None:
    _, deliveries = MIGRATION.read_text().split("create table deliveries")

    def listed(text: str, column: str) -> set[str]:
        found = re.search(rf"check \({column} in \(([^)]+)\)", text)
        assert found is not None
        return set(re.findall(r"'([a-z_]+)'", found.group(1)))

    # Types are open in the schema, by their form alone (0030).
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", each) and len(each) <= 50 for each in NotificationType)
    assert listed(deliveries, "status") == set(DeliveryStatus)
    assert listed(deliveries, "failure") == set(Failure)


def test_a_refusal_is_the_number_s_or_ours() -> None:
    assert refusal("21614") is Failure.REFUSED_RECIPIENT
    assert refusal("21610") is Failure.REFUSED_RECIPIENT
    assert refusal("20003") is Failure.REFUSED
    assert refusal("") is Failure.REFUSED
    assert Outcome(provider_id="SM1").status is DeliveryStatus.SENT
    assert Outcome(failure=Failure.UNAVAILABLE).status is DeliveryStatus.FAILED


def test_production_does_not_start_without_twilio_s_account() -> None:
    strong = {
        "DATABASE_URL": "postgresql://db/ecommerce",
        "REDIS_URL": "redis://cache",
        "JWT_SECRET": "J0" + "abcdefghijklmnop" * 6,
        "SERVICE_TOKEN_SECRET": "S0" + "abcdefghijklmnop" * 6,
        "PATUNGAN_ENVIRONMENT": "production",
        "SMS_API_KEY": "0123456789abcdef0123456789abcdef",
        "SMS_ACCOUNT_SID": "AC0123456789abcdef0123456789abcdef",
        "SMS_SENDER": "+6281100003900",
    }
    assert load(Settings, strong).sms_api_url == "https://api.twilio.com"
    for variable in ("SMS_API_KEY", "SMS_ACCOUNT_SID", "SMS_SENDER"):
        with pytest.raises(SettingsError) as refused:
            load(Settings, {**strong, variable: ""})
        assert [fault.split(" ")[0] for fault in refused.value.faults] == [variable]
    with pytest.raises(SettingsError, match="placeholder"):
        load(Settings, {**strong, "SMS_API_KEY": "your-sms-provider-key-of-the-guide"})


@pytest.mark.parametrize("status", list(ShipmentStatus))
def test_a_parcel_at_the_door_is_told_and_nothing_else_of_it(status: ShipmentStatus) -> None:
    order_id, user_id = uuid4(), uuid4()
    event = logistics.ShipmentStatusChanged(
        shipment_id=uuid4(), order_id=order_id, order_number="ORD-20261123-ABCDE23", user_id=user_id, factory_id=uuid4(),
        purchase_order_id=None, courier="jne", waybill="5001", was="in_transit", status=status, reason="",
        occurred_at=datetime(2026, 11, 25, tzinfo=UTC),
    )  # fmt: skip
    notice = templates.parcel_moved(event)
    if status is not ShipmentStatus.OUT_FOR_DELIVERY:
        assert notice is None
        return
    assert notice is not None
    assert (notice.type, notice.related_id) == (NotificationType.OUT_FOR_DELIVERY, order_id)
    assert notice.indonesian.message == (
        "Kurir JNE sedang mengantar pesanan ORD-20261123-ABCDE23 ke alamat Anda hari ini. Nomor resi: 5001."
    )
    assert notice.english.message == "JNE is bringing your order ORD-20261123-ABCDE23 today. Waybill: 5001."
    assert templates.parcel_moved(msgspec.structs.replace(event, order_id=None)) is None
