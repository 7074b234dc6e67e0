"""Reviews through the public API: who may write what, once; votes, reports, answers, decisions; sums that are exact."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patungan.services.review import rules
from patungan.services.review.operations import summaries
from patungan.services.review.rules import Decision, Status, Summary
from tests.house import House, Person
from tests.people import jpeg, received, reviewed, send
from tests.shop import selling_factory

PRODUCTS = "/api/reviews/products"


async def test_a_buyer_reviews_what_was_received_once(one_house: House) -> None:
    buyer, other = await one_house.person(), await one_house.person()
    order = await received(one_house, buyer)
    items = await buyer.get("review", "/api/reviews/received-items", open=True, order_number=order.number)
    assert [each["order_item_id"] for each in items["items"]] == [str(order.items[0].order_item_id)]
    body = {"order_item_id": str(order.items[0].order_item_id), "rating": 4, "title": " Bagus ", "comment": "Rapi"}
    strange = await other.request("POST", "review", PRODUCTS, body)
    assert (strange.status_code, strange.json()["code"]) == (404, "nothing_received")
    answers = await asyncio.gather(*(buyer.request("POST", "review", PRODUCTS, body) for _ in range(5)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409, 409]
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"already_reviewed"}
    made = next(each.json() for each in answers if each.status_code == 201)
    assert (made["author"], made["title"], made["status"]) == ("S*** W.", "Bagus", "approved")
    page = (await one_house.request("GET", "review", f"{PRODUCTS}/{order.items[0].product_id}")).json()
    assert page["summary"] == {"count": 1, "average": 4.0, "stars": {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0}}
    assert set(page["items"][0]) & {"user_id", "order_id", "status"} == set()
    assert (await buyer.get("review", "/api/reviews/received-items", open=True, order_number=order.number))[
        "total"
    ] == 0


async def test_the_same_key_answers_the_same(one_house: House) -> None:
    buyer = await one_house.person()
    order = await received(one_house, buyer)
    body = {"order_item_id": str(order.items[0].order_item_id), "rating": 4}
    first = await buyer.post("review", PRODUCTS, body, key="once-only")
    assert await buyer.post("review", PRODUCTS, body, key="once-only") == first
    other = await buyer.request("POST", "review", PRODUCTS, {**body, "rating": 5}, key="once-only")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_a_factory_is_reviewed_once_an_order(one_house: House) -> None:
    buyer = await one_house.person()
    order = await received(one_house, buyer)
    body = {"order_id": str(order.order_id), "factory_id": str(order.factory_id), "rating": 3}
    made = await buyer.post("review", "/api/reviews/factories", body)
    assert (made["subject"], made["product_id"]) == ("factory", None)
    again = await buyer.request("POST", "review", "/api/reviews/factories", body)
    assert again.json()["code"] == "already_reviewed"
    wrong = await buyer.request("POST", "review", "/api/reviews/factories", {**body, "factory_id": str(uuid4())})
    assert wrong.json()["code"] == "nothing_received"
    page = (await one_house.request("GET", "review", f"/api/reviews/factories/{order.factory_id}")).json()
    assert page["summary"]["average"] == 3.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"rating": 0},
        {"rating": 6},
        {"rating": 4.5},
        {"title": "x" * 101},
        {"comment": "x" * 2001},
        {"photos": ["a.jpg"]},
        {"photos": [f"{number:064x}.jpg" for number in range(6)]},
        {"photos": [f"{1:064x}.jpg"]},
        {"order_item_id": "x"},
        {"user_id": str(uuid4())},
    ],
)
async def test_bad_input_changes_nothing(one_house: House, wrong: dict[str, Any]) -> None:
    buyer = await one_house.person()
    order = await received(one_house, buyer)
    body = {"order_item_id": str(order.items[0].order_item_id), "rating": 4, **wrong}
    answer = await buyer.request("POST", "review", PRODUCTS, body)
    assert answer.status_code == 400, answer.text
    assert (await buyer.get("review", "/api/reviews/mine"))["total"] == 0


async def test_photos_are_stripped_and_vanish_with_their_review(one_house: House) -> None:
    buyer, admin = await one_house.person(), await one_house.admin()
    order = await received(one_house, buyer)
    refused = await send(buyer, "POST", "review", "/api/reviews/photos", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert (refused.status_code, refused.json()["code"]) == (400, "image_refused")
    photo = (await send(buyer, "POST", "review", "/api/reviews/photos", jpeg())).json()
    assert (await one_house.request("GET", "review", photo["url"])).status_code == 404
    made = await reviewed(buyer, order, photos=[photo["name"]])
    shown = await one_house.request("GET", "review", photo["url"])
    assert shown.headers["content-type"] == "image/jpeg"
    assert b"Kamera Rahasia" not in shown.content
    thief = await one_house.person()
    stolen = await received(one_house, thief)
    given = {"order_item_id": str(stolen.items[0].order_item_id), "rating": 1, "photos": [photo["name"]]}
    answer = await thief.request("POST", "review", PRODUCTS, given)
    assert answer.json()["code"] == "photo_unknown"
    await admin.post("review", f"/api/reviews/{made['id']}/moderation", {"decision": "hide", "reason": "wajah orang"})
    assert (await one_house.request("GET", "review", photo["url"])).status_code == 404


async def test_changes_within_thirty_days(one_house: House) -> None:
    buyer, other = await one_house.person(), await one_house.person()
    order = await received(one_house, buyer)
    made = await reviewed(buyer, order, 2)
    path = f"/api/reviews/{made['id']}"
    assert (await other.request("PATCH", "review", path, {"rating": 1})).json()["code"] == "review_not_found"
    assert (await buyer.request("PATCH", "review", path, {})).status_code == 400
    changed = (await buyer.request("PATCH", "review", path, {"rating": 5})).json()
    assert (changed["rating"], changed["changed_at"] is not None) == (5, True)
    page = (await one_house.request("GET", "review", f"{PRODUCTS}/{order.items[0].product_id}")).json()
    assert page["summary"]["stars"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 1}
    one_house.later(days=31)
    assert (await buyer.request("PATCH", "review", path, {"rating": 1})).json()["code"] == "review_closed"


async def test_helpful_votes_count_once_a_person(one_house: House) -> None:
    buyer = await one_house.person()
    made = await reviewed(buyer, await received(one_house, buyer))
    path = f"/api/reviews/{made['id']}/helpful-vote"
    assert (await buyer.request("PUT", "review", path)).json()["code"] == "own_review"
    voters = [await one_house.person() for _ in range(3)]
    await asyncio.gather(*(each.request("PUT", "review", path) for each in voters * 4))
    assert (await one_house.request("GET", "review", f"/api/reviews/{made['id']}")).json()["helpful"] == 3
    await asyncio.gather(*(voters[0].request("DELETE", "review", path) for _ in range(3)))
    assert (await one_house.request("GET", "review", f"/api/reviews/{made['id']}")).json()["helpful"] == 2
    assert (await one_house.request("PUT", "review", path)).status_code == 401


async def test_the_third_report_puts_a_review_into_the_queue(one_house: House) -> None:
    buyer, admin = await one_house.person(), await one_house.admin()
    made = await reviewed(buyer, await received(one_house, buyer))
    path = f"/api/reviews/{made['id']}"
    reporters = [await one_house.person() for _ in range(3)]
    for each in [*reporters[:2], reporters[0]]:
        assert (await each.request("POST", "review", f"{path}/reports", {"reason": "spam"})).status_code == 202

    async def queued() -> bool:
        queue = await admin.get("review", "/api/reviews/queue", limit=100)
        return made["id"] in {each["id"] for each in queue["items"]}

    assert not await queued()
    await reporters[2].request("POST", "review", f"{path}/reports", {"reason": "offensive", "note": "kasar"})
    assert await queued()
    assert (await one_house.request("GET", "review", path)).status_code == 200
    answers = await asyncio.gather(
        *(
            admin.request("POST", "review", f"{path}/moderation", {"decision": decision, "reason": "dilihat"})
            for decision in ("hide", "hide", "hide")
        )
    )
    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    assert not await queued()
    assert (await one_house.request("GET", "review", path)).status_code == 404
    history = await admin.get("review", f"{path}/history")
    assert [each["after"] for each in history["decisions"]] == ["approved", "reported", "hidden"]
    assert all(each["settled_at"] for each in history["reports"])
    assert (await admin.request("DELETE", "review", path)).status_code == 204
    shown = await admin.request("POST", "review", f"{path}/moderation", {"decision": "show", "reason": "kembali"})
    assert shown.json()["code"] == "review_status_refused"


async def test_the_factory_answers_and_nobody_else(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    stranger, _ = await selling_factory(one_house)
    buyer = await one_house.person()
    made = await reviewed(buyer, await received(one_house, buyer, factory_id=UUID(factory["id"])))
    path = f"/api/reviews/{made['id']}/answer"
    body = {"answer": "Terima kasih!"}
    assert (await stranger.request("PUT", "review", path, body)).json()["code"] == "review_not_found"
    assert (await buyer.request("PUT", "review", path, body)).status_code == 403
    unanswered = await owner.get("review", "/api/reviews/received", answered=False)
    assert [each["id"] for each in unanswered["items"]] == [made["id"]]
    first = (await owner.request("PUT", "review", path, body)).json()
    assert (first["answer"], first["answer_changed_at"]) == ("Terima kasih!", None)
    second = (await owner.request("PUT", "review", path, {"answer": "Terima kasih banyak!"})).json()
    assert second["answered_at"] == first["answered_at"]
    assert second["answer_changed_at"] is not None
    assert (await owner.get("review", "/api/reviews/received", answered=False))["total"] == 0


async def test_who_may_decide(one_house: House) -> None:
    buyer = await one_house.person()
    for method, path, body in [
        ("GET", "/api/reviews/queue", None),
        ("POST", f"/api/reviews/{uuid4()}/moderation", {"decision": "hide", "reason": "karena"}),
        ("DELETE", f"/api/reviews/{uuid4()}", None),
        ("GET", f"/api/reviews/{uuid4()}/history", None),
        ("POST", "/api/reviews/summaries/rebuild", None),
        ("GET", "/api/reviews/received", None),
    ]:
        assert (await buyer.request(method, "review", path, body)).status_code == 403, path
        assert (await one_house.request(method, "review", path, body)).status_code == 401, path


async def test_sums_are_exact_under_concurrency_and_can_be_rebuilt(one_house: House) -> None:
    product, admin = uuid4(), await one_house.admin()
    stars = [1, 5, 4, 4, 2, 3, 5, 5]
    people = [await one_house.person() for _ in stars]
    orders = [await received(one_house, each, product) for each in people]
    made = await asyncio.gather(
        *(reviewed(person, order, rating) for person, order, rating in zip(people, orders, stars, strict=True))
    )
    work: list[Any] = [
        people[number].request("PATCH", "review", f"/api/reviews/{made[number]['id']}", {"rating": 1})
        for number in range(4)
    ]
    hide = {"decision": "hide", "reason": "uji coba"}
    work += [admin.request("POST", "review", f"/api/reviews/{made[n]['id']}/moderation", hide) for n in (2, 3, 6, 7)]
    await asyncio.gather(*work, admin.request("POST", "review", "/api/reviews/summaries/rebuild"))
    page = (await one_house.request("GET", "review", f"{PRODUCTS}/{product}")).json()
    rows = [(each["rating"], Status.APPROVED) for each in page["items"]]
    known = rules.summed(rows)
    assert (page["summary"]["count"], page["summary"]["average"]) == (known.count, known.average)
    assert list(page["summary"]["stars"].values()) == list(known.stars)
    db = one_house.context("review").db
    await db.execute("update summaries set count = count + 1, total = total + 5, stars_5 = stars_5 + 1")
    corrected = await summaries.rebuild(one_house.context("review"))
    assert (product, known.count + 1, known.count) in {(e.subject_id, e.count_before, e.count) for e in corrected}
    assert await summaries.rebuild(one_house.context("review")) == []
    filtered = (await one_house.request("GET", "review", f"{PRODUCTS}/{product}", rating=1, sort="helpful")).json()
    assert filtered["total"] == known.stars[0] == len(filtered["items"])


_REVIEWS = st.lists(st.tuples(st.integers(1, 5), st.sampled_from(list(Status))), max_size=30)


@given(_REVIEWS, st.data())
def test_steps_add_up_to_the_sum(reviews: list[tuple[int, Status]], data: st.DataObject) -> None:
    stars = [0] * 5
    for each in reviews:
        stars = [a + b for a, b in zip(stars, rules.step(None, each), strict=True)]
    changed = list(reviews)
    for number, before in enumerate(reviews):
        after = data.draw(st.tuples(st.integers(1, 5), st.sampled_from(list(Status))))
        changed[number] = after
        stars = [a + b for a, b in zip(stars, rules.step(before, after), strict=True)]
    assert Summary((stars[0], stars[1], stars[2], stars[3], stars[4])) == rules.summed(changed)


def test_averages_round_halves_up() -> None:
    assert rules.average(0, 0) is None
    assert rules.average(8, 33) == 4.13
    assert rules.average(3, 10) == 3.33
    assert rules.average(200, 801) == 4.01


def test_every_move_of_a_status() -> None:
    allowed = {(before, decision) for before in Status for decision in Decision if rules.decided(before, decision)}
    assert (Status.REMOVED, Decision.SHOW) not in allowed
    assert len(allowed) == 3 + 3 + 4


async def _nobody(person: Person) -> int:
    return int((await person.get("review", "/api/reviews/mine"))["total"])


async def test_lists_are_the_callers_own(one_house: House) -> None:
    buyer, other = await one_house.person(), await one_house.person()
    await reviewed(buyer, await received(one_house, buyer))
    assert (await _nobody(buyer), await _nobody(other)) == (1, 0)
