"""Notifications through the worker: what other services' events tell whom, and what a person does with theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from patungan.contracts import group_buying, order, payment, wallet, warehouse
from patungan.kernel.money import Rupiah
from patungan.services.notification import inbox, templates
from patungan.services.notification.inbox import Addressed
from tests.house import House, Person
from tests.shop import registered_factory

BOT = UUID("00000000-0000-0000-0000-000000000001")
CODE = "GB-20261123-ABCDE"


async def publish(house: House, service: str, *events: msgspec.Struct) -> None:
    ctx = house.context(service)
    async with ctx.db.transaction() as tx:
        await ctx.publish(tx, *events)


async def told(person: Person, count: int, **params: Any) -> list[dict[str, Any]]:
    """The person's notifications, oldest first, once there are that many."""

    async def there() -> bool:
        answer = await person.get("notification", "/api/notifications", limit=100)
        return bool(answer["total"] >= count)

    await person.house.eventually(there)
    answer = await person.get("notification", "/api/notifications", limit=100, **params)
    assert answer["total"] == count, answer
    items: list[dict[str, Any]] = answer["items"]
    return items[::-1]


async def in_english(person: Person) -> list[dict[str, Any]]:
    headers = {
        "Authorization": f"Bearer {person.house.token(person.caller)}",
        "Accept-Language": "en-GB,en;q=0.9,id;q=0.5",
    }
    answer = await person.house.request("GET", "notification", "/api/notifications", headers=headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items[::-1]


def _payment(user_id: UUID, **other: Any) -> dict[str, Any]:
    return {
        "payment_id": uuid4(), "code": "PAY-20261123-ABCDE", "participant_id": uuid4(), "session_id": uuid4(),
        "user_id": user_id, "amount": Rupiah(1_250_000), **other,
    }  # fmt: skip


def _paid(house: House, user_id: UUID, **other: Any) -> payment.PaymentPaid:
    return payment.PaymentPaid(**_payment(user_id, **other), paid_at=house.clock.now())


def _session(factory_id: UUID) -> dict[str, Any]:
    return {
        "session_id": uuid4(), "code": CODE, "product_id": uuid4(), "product_name": "Kemeja Batik",
        "factory_id": factory_id,
    }  # fmt: skip


def _participant(user_id: UUID) -> dict[str, Any]:
    return {**_session(uuid4()), "participant_id": uuid4(), "user_id": user_id, "quantity": 12}


def shown(items: Sequence[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    return [(item["type"], item["title"], item["message"], item["action_url"]) for item in items]


async def test_payments_are_told_in_both_languages(one_house: House) -> None:
    sari = await one_house.person()
    paid = _paid(one_house, sari.id)
    page = f"/payments/{paid.payment_id}"
    facts = _payment(sari.id, payment_id=paid.payment_id)
    await publish(one_house, "payment", paid)
    await publish(one_house, "payment", payment.PaymentExpired(**facts))
    await publish(one_house, "payment", payment.PaymentLatePaid(**facts))
    assert shown(await told(sari, 3)) == [
        (
            "payment_success",
            "Pembayaran berhasil",
            "Pembayaran PAY-20261123-ABCDE sebesar Rp 1.250.000 sudah kami terima. Terima kasih!",
            page,
        ),
        (
            "payment_failed",
            "Pembayaran kedaluwarsa",
            (
                "Pembayaran PAY-20261123-ABCDE sebesar Rp 1.250.000 melewati batas waktunya, dan tempat Anda di sesi ini"
                " dilepas."
            ),
            page,
        ),
        (
            "payment_failed",
            "Pembayaran terlambat",
            (
                "Pembayaran PAY-20261123-ABCDE masuk setelah batas waktunya dan tidak dapat dihitung. Uang Anda sebesar"
                " Rp 1.250.000 akan dikembalikan secara otomatis."
            ),
            page,
        ),
    ]
    assert [item["message"] for item in await in_english(sari)] == [
        "We have received your payment PAY-20261123-ABCDE of Rp 1.250.000. Thank you!",
        "Payment PAY-20261123-ABCDE of Rp 1.250.000 was not made in time, and your place in the session was released.",
        (
            "Payment PAY-20261123-ABCDE arrived after its deadline and cannot be counted. Your money, Rp 1.250.000, goes"
            " back to you automatically."
        ),
    ]


async def test_a_refund_is_told_when_it_begins_and_where_it_went(one_house: House) -> None:
    sari = await one_house.person()
    facts = {**_payment(sari.id), "refund_id": uuid4(), "code": "REF-20261123-ABCDE", "reason": "order_cancelled"}
    await publish(one_house, "payment", payment.RefundRequested(**facts))
    await publish(one_house, "payment", payment.RefundCompleted(**facts, destination="source"))
    await publish(one_house, "payment", payment.RefundCompleted(**facts, destination="wallet"))
    items = await told(sari, 3)
    page = f"/payments/{facts['payment_id']}"
    assert [(item["type"], item["action_url"]) for item in items] == [
        ("refund_initiated", page),
        ("refund_completed", page),
        ("refund_completed", "/wallet"),
    ]
    assert items[1]["message"].endswith("sudah dikembalikan ke metode pembayaran asal Anda.")
    assert items[2]["message"].endswith("sudah dikembalikan ke dompet Patungan Anda.")


async def test_participants_follow_their_session_and_the_platform_is_told_nothing(one_house: House) -> None:
    sari, budi = await one_house.person(), await one_house.person()
    ends = one_house.clock.now() + timedelta(minutes=5)
    await publish(one_house, "group-buying", group_buying.ParticipantExpiring(**_participant(sari.id), ends_at=ends))
    await publish(one_house, "group-buying", group_buying.ParticipantWaitingForStock(**_participant(sari.id)))
    prices: dict[str, Any] = {"tier": 75, "unit_price": Rupiah(80_000), "cashback": Rupiah(240_000)}
    await publish(
        one_house,
        "group-buying",
        group_buying.ParticipantConfirmed(**_participant(BOT), **prices),
        group_buying.ParticipantConfirmed(**_participant(sari.id), **prices),
        group_buying.ParticipantRefunded(**_participant(budi.id), reason="cancelled"),
        group_buying.ParticipantRefunded(**_participant(BOT), reason="cancelled"),
    )
    items = await told(sari, 3)
    assert [(item["type"], item["title"]) for item in items] == [
        ("group_expiring", "Sesi segera berakhir"),
        ("group_confirmed", "Sesi berhasil, menunggu barang"),
        ("group_confirmed", "Sesi berhasil!"),
    ]
    assert "Cashback Rp 240.000 masuk ke dompet Anda." in items[2]["message"]
    assert {item["action_url"] for item in items} == {f"/sessions/{CODE}"}
    (failed,) = await told(budi, 1)
    assert (failed["type"], failed["is_read"]) == ("group_failed", False)
    assert failed["message"] == f"Sesi {CODE} untuk Kemeja Batik dibatalkan. Seluruh pembayaran Anda dikembalikan."
    connection = await one_house.owner()
    try:
        assert await connection.fetchval("select count(*) from notification.notifications where user_id = $1", BOT) == 0
    finally:
        await connection.close()


async def test_of_the_wallet_s_credits_only_cashback_is_told(one_house: House) -> None:
    sari = await one_house.person()
    facts: dict[str, Any] = {
        "user_id": sari.id,
        "amount": Rupiah(240_000),
        "balance": Rupiah(1_240_000),
        "reference": CODE,
    }
    credits = [wallet.WalletCredited(**facts, type=kind) for kind in ("refund", "deposit", "adjustment", "cashback")]
    await publish(one_house, "wallet", *credits)
    assert shown(await told(sari, 1)) == [
        (
            "cashback_credited",
            "Cashback masuk",
            f"Cashback Rp 240.000 dari {CODE} masuk ke dompet Anda. Saldo Anda Rp 1.240.000.",
            "/wallet",
        )
    ]


async def test_an_order_is_told_from_its_birth_to_its_arrival(one_house: House) -> None:
    sari, order_id, number = await one_house.person(), uuid4(), "ORD-20261123-ABCDEFG"
    created = order.OrderCreated(
        order_id=order_id, number=number, user_id=sari.id, factory_id=uuid4(), session_id=uuid4(),
        product_name="Kemeja Batik", quantity=12, total=Rupiah(1_015_000),
    )  # fmt: skip
    await publish(one_house, "order", created)
    for status in ("processing", "ready_for_pickup", "picked_up", "in_transit", "delivered"):
        moved = order.OrderStatusChanged(order_id=order_id, number=number, user_id=sari.id, status=status)
        await publish(one_house, "order", moved)
    items = await told(sari, 5)
    assert [item["type"] for item in items] == [
        "order_created",
        "ready_for_pickup",
        "picked_up",
        "shipped",
        "delivered",
    ]
    assert items[0]["message"] == f"Pesanan {number}: 12 × Kemeja Batik, total Rp 1.015.000, sudah dibuat."
    assert {item["action_url"] for item in items} == {f"/orders/{number}"}


async def test_a_factory_s_owner_is_told_of_sessions_and_purchase_orders(one_house: House) -> None:
    owner = await one_house.person()
    factory = await registered_factory(owner)
    facts = _session(UUID(factory["id"]))
    ends = one_house.clock.now() + timedelta(days=2)
    # Of a factory that does not exist nobody can be told, and the others still are.
    unknown = group_buying.SessionOpened(**_session(uuid4()), ends_at=ends)
    await publish(one_house, "group-buying", unknown, group_buying.SessionOpened(**facts, ends_at=ends))
    await publish(one_house, "group-buying", group_buying.SessionMoqReached(**facts, paid_quantity=100))
    for status in ("pending", "in_production", "shipped"):
        moved = warehouse.PurchaseOrderStatusChanged(
            purchase_order_id=uuid4(), code="PO-20261123-ABCDE", factory_id=UUID(factory["id"]),
            session_id=facts["session_id"], status=status,
        )  # fmt: skip
        await publish(one_house, "warehouse", moved)
    items = await told(owner, 5)
    assert sorted((item["type"], item["title"], item["action_url"]) for item in items) == [
        ("moq_reached", "Target sesi tercapai", f"/sessions/{CODE}"),
        ("production_completed", "Produksi selesai", "/factory"),
        ("production_started", "Produksi dimulai", "/factory"),
        ("purchase_order_changed", "Pesanan pembelian baru", "/factory"),
        ("session_opened", "Sesi dibuka", f"/sessions/{CODE}"),
    ]


async def test_a_factory_s_verification_and_status_reach_its_owner(one_house: House) -> None:
    owner, admin = await one_house.person(), await one_house.admin()
    factory = await registered_factory(owner)
    path = f"/api/factories/{factory['id']}"
    await admin.post("factory", f"{path}/verification", {"decision": "verified"})
    await admin.post("factory", f"{path}/status", {"status": "active"})
    items = await told(owner, 2)
    assert [(item["type"], item["message"]) for item in items] == [
        ("factory_verified", f"Dokumen {factory['name']} sudah diperiksa dan disetujui."),
        ("factory_status_changed", f"{factory['name']} sekarang aktif dan dapat membuka sesi."),
    ]


async def test_an_event_is_told_a_person_once(one_house: House) -> None:
    sari, ctx = await one_house.person(), one_house.context("notification")
    notice = templates.payment_paid(_paid(one_house, sari.id))
    same = Addressed(uuid4(), one_house.clock.now(), sari.id, notice)
    assert await inbox.write(ctx, ctx.db, [same, same]) == 1
    assert await inbox.write(ctx, ctx.db, [same]) == 0
    assert await inbox.write(ctx, ctx.db, []) == 0
    await told(sari, 1)


async def _given(person: Person, count: int) -> list[UUID]:
    """Notifications of a person's own, a minute apart; the newest first."""
    ctx = person.house.context("notification")
    begin = ctx.clock.now() - timedelta(hours=1)
    await inbox.write(
        ctx,
        ctx.db,
        [
            Addressed(
                *(uuid4(), begin + timedelta(minutes=number), person.id),
                templates.payment_paid(_paid(person.house, person.id, code=f"PAY-{number}")),
            )
            for number in range(count)
        ],
    )
    items = (await person.get("notification", "/api/notifications", limit=100))["items"]
    return [UUID(item["id"]) for item in items]


async def test_the_newest_come_first_page_by_page(one_house: House) -> None:
    sari = await one_house.person()
    ids = await _given(sari, 5)
    second = await sari.get("notification", "/api/notifications", page=2, limit=2)
    assert (second["page"], second["limit"], second["total"]) == (2, 2, 5)
    assert [UUID(item["id"]) for item in second["items"]] == ids[2:4]
    assert "PAY-2 " in second["items"][0]["message"]
    assert set(second["items"][0]) == {"id", "type", "title", "message", "action_url", "is_read", "created_at"}
    assert (await sari.get("notification", "/api/notifications", page=4, limit=2))["items"] == []


async def test_reading_takes_them_out_of_the_unread(one_house: House) -> None:
    sari = await one_house.person()
    ids = await _given(sari, 3)
    assert await sari.get("notification", "/api/notifications/unread-count") == {"count": 3}
    read = await sari.post("notification", f"/api/notifications/{ids[1]}/read")
    assert (UUID(read["id"]), read["is_read"]) == (ids[1], True)
    assert await sari.post("notification", f"/api/notifications/{ids[1]}/read") == read
    unread = await sari.get("notification", "/api/notifications", unread="true")
    assert ([UUID(item["id"]) for item in unread["items"]], unread["total"]) == ([ids[0], ids[2]], 2)
    assert await sari.post("notification", "/api/notifications/read-all") == {"count": 2}
    assert await sari.post("notification", "/api/notifications/read-all") == {"count": 0}
    assert await sari.get("notification", "/api/notifications/unread-count") == {"count": 0}
    everything = await sari.get("notification", "/api/notifications")
    assert [item["is_read"] for item in everything["items"]] == [True, True, True]


async def test_a_deleted_one_is_gone(one_house: House) -> None:
    sari = await one_house.person()
    ids = await _given(sari, 2)
    deleted = await sari.request("DELETE", "notification", f"/api/notifications/{ids[0]}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    again = await sari.request("DELETE", "notification", f"/api/notifications/{ids[0]}")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    (left,) = (await sari.get("notification", "/api/notifications"))["items"]
    assert UUID(left["id"]) == ids[1]


async def test_another_s_notifications_are_not_there(one_house: House) -> None:
    sari, budi = await one_house.person(), await one_house.person()
    (mine,) = await _given(sari, 1)
    assert (await budi.get("notification", "/api/notifications"))["items"] == []
    for method, path in (("POST", f"/api/notifications/{mine}/read"), ("DELETE", f"/api/notifications/{mine}")):
        refused = await budi.request(method, "notification", path)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert await budi.post("notification", "/api/notifications/read-all") == {"count": 0}
    (kept,) = (await sari.get("notification", "/api/notifications"))["items"]
    assert kept["is_read"] is False


@pytest.mark.parametrize("params", [{"page": 0}, {"limit": 0}, {"limit": 101}, {"unread": "perhaps"}])
async def test_a_bad_page_is_refused(one_house: House, params: dict[str, Any]) -> None:
    sari = await one_house.person()
    refused = await sari.request("GET", "notification", "/api/notifications", **params)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")
    assert refused.json()["field"] == next(iter(params))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/unread-count"),
        ("POST", "/read-all"),
        ("POST", f"/{UUID(int=1)}/read"),
        ("DELETE", f"/{UUID(int=1)}"),
    ],
)
async def test_only_the_signed_in_have_notifications(one_house: House, method: str, path: str) -> None:
    refused = await one_house.request(method, "notification", f"/api/notifications{path}")
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
