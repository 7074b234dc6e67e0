"""The client of the seed and the demo: where a path is answered, when it asks again, and what it makes of a refusal."""

from __future__ import annotations

import httpx
import pytest

from patungan.operations import api as client_module
from patungan.operations.api import Api, ApiRefused, Person, Sandbox
from patungan.operations.layout import OperationError


@pytest.mark.parametrize(
    ("path", "port"),
    [
        ("/api/auth/otp", 3001),
        ("/api/products/mine", 3002),
        ("/api/categories", 3002),
        ("/api/factories", 3003),
        ("/api/group-buying/mine", 3004),
        ("/api/payments/1/invoice", 3005),
        ("/api/webhooks/payment", 3005),
        ("/api/orders", 3006),
        ("/api/warehouse/inventory", 3008),
        ("/api/wallet/balance", 3010),
        ("/api/addresses", 3015),
    ],
)
async def test_a_path_is_answered_by_the_service_that_owns_it(path: str, port: int) -> None:
    async with Api({}) as api:
        assert api.url(path) == f"http://127.0.0.1:{port}{path}"
    async with Api({}, gateway_url="http://127.0.0.1:8080") as api:
        assert api.url(path) == f"http://127.0.0.1:8080{path}"


def _answering(api: Api, *answers: httpx.Response | Exception) -> list[httpx.Request]:
    """Have the client's requests answered one after the other; answers the requests that came."""
    seen: list[httpx.Request] = []
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    api.client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return seen


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LONGEST_PAUSE", 0.0)


async def test_a_busy_platform_is_asked_again_under_the_same_key() -> None:
    async with Api({}) as api:
        busy: list[httpx.Response | Exception] = [
            httpx.Response(503),
            httpx.Response(429, json={"code": "rate_limited"}),
            httpx.ConnectError("gone"),
        ]
        seen = _answering(api, *busy, httpx.Response(201, json={"id": 1}))
        person = Person(api, "token", user_id="u", phone="p", name="n")
        assert await person.post("/api/orders", {"a": 1}) == {"id": 1}
    assert len(seen) == 4
    assert len({request.headers["idempotency-key"] for request in seen}) == 1
    assert {request.headers["authorization"] for request in seen} == {"Bearer token"}
    assert {request.content for request in seen} == {b'{"a":1}'}


async def test_a_rule_of_the_business_is_not_asked_again() -> None:
    async with Api({}) as api:
        seen = _answering(api, httpx.Response(429, json={"code": "otp_too_soon", "title": "Wait"}))
        with pytest.raises(ApiRefused, match="POST /api/auth/otp answered 429 otp_too_soon: Wait") as refusal:
            await api.call("POST", "/api/auth/otp", {})
    assert (len(seen), refusal.value.status, refusal.value.code) == (1, 429, "otp_too_soon")


async def test_a_platform_that_never_answers_is_given_up() -> None:
    async with Api({}) as api:
        seen = _answering(api, *[httpx.ConnectError("gone")] * client_module.ATTEMPTS)
        with pytest.raises(OperationError, match=r"3001/api/auth/me does not answer \(ConnectError\)"):
            await api.call("GET", "/api/auth/me")
    assert len(seen) == client_module.ATTEMPTS


async def test_an_answer_that_is_no_problem_document_is_shown_as_it_is() -> None:
    async with Api({}) as api:
        _answering(api, httpx.Response(404, text="<h1>nothing</h1>"))
        with pytest.raises(ApiRefused, match="answered 404 : <h1>nothing</h1>"):
            await api.call("GET", "/api/orders")


async def test_all_pages_of_a_list_are_read() -> None:
    async with Api({}) as api:
        pages = [httpx.Response(200, json={"items": items, "total": 3}) for items in ([1, 2], [3])]
        seen = _answering(api, *pages)
        person = Person(api, "token", user_id="u", phone="p", name="n")
        assert await person.all("/api/orders", status="paid", nothing=None) == [1, 2, 3]
    assert [dict(request.url.params) for request in seen] == [
        {"status": "paid", "page": "1", "limit": "100"},
        {"status": "paid", "page": "2", "limit": "100"},
    ]


async def test_what_the_sandbox_refuses_is_said() -> None:
    answer = httpx.Response(409, json={"error_code": "INVOICE_ALREADY_PAID"})
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: answer)) as client:
        with pytest.raises(OperationError, match="INVOICE_ALREADY_PAID"):
            await Sandbox("http://sandbox", client).pay("http://sandbox/xendit/pay/abc")
