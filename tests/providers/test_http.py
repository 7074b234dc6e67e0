"""The shared client: what happened, what may have happened, what is repeated, and what is never told."""

from __future__ import annotations

import asyncio
import logging
import pickle
from typing import TYPE_CHECKING

import msgspec
import pytest

from patungan.providers.breaker import Circuit
from patungan.providers.errors import (
    ProviderError,
    ProviderOutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
)
from patungan.providers.http import Call, Deadlines, Effect, Fault, JsonClient, Observation, Pacing

if TYPE_CHECKING:
    from tests.providers.conftest import FaultyServer, ManualTime


class Thing(msgspec.Struct):
    id: str
    amount: int = 0


class ErrorBody(msgspec.Struct):
    code: str = ""
    message: str = ""


def fault_of(body: bytes) -> Fault:
    try:
        error = msgspec.json.decode(body, type=ErrorBody)
    except msgspec.DecodeError:
        return Fault()
    return Fault(code=error.code, message=error.message, try_later=error.code == "BUSY")


def client_for(url: str, pacing: Pacing, observed: list[Observation] | None = None) -> JsonClient:
    return JsonClient(
        "testpay",
        url,
        pacing,
        read_fault=fault_of,
        auth=("secret-key", ""),
        deadlines=Deadlines(connect=0.2, read=0.2, attempt=1.0),
        observe=(observed if observed is not None else []).append,
    )


def call(effect: Effect, **more: object) -> Call:
    method = "GET" if effect is Effect.READ else "POST"
    body = None if effect is Effect.READ else {"amount": 1}
    return Call(operation="make thing", method=method, path="/things", effect=effect, json=body, **more)  # type: ignore[arg-type]


async def failure(client: JsonClient, effect: Effect) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await client.send(call(effect), Thing)
    return caught.value


@pytest.fixture
def client(server: FaultyServer, pacing: Pacing) -> JsonClient:
    return client_for(server.url, pacing)


async def test_a_write_is_sent_as_json_with_credentials_and_its_answer_is_typed(
    server: FaultyServer, client: JsonClient
) -> None:
    server.answer(200, {"id": "t-1", "amount": 185000.0})

    thing = await client.send(call(Effect.WRITE, headers={"x-more": "1"}, query={"q": "a b"}), Thing)

    assert thing == Thing("t-1", 185_000)
    (request,) = server.received
    assert (request.method, request.path, request.query, request.json) == (
        "POST",
        "/things",
        {"q": "a b"},
        {"amount": 1},
    )
    assert request.headers["authorization"] == "Basic c2VjcmV0LWtleTo="
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-more"] == "1"


async def test_a_4xx_is_a_refusal_with_code_and_message_and_is_never_repeated(
    server: FaultyServer, client: JsonClient, time: ManualTime
) -> None:
    server.answer(400, {"code": "TOO_SMALL", "message": "amount is too small"})

    with pytest.raises(ProviderRefused) as caught:
        await client.send(call(Effect.KEYED_WRITE), Thing)

    refused = caught.value
    assert (refused.provider, refused.operation) == ("testpay", "make thing")
    assert (refused.status, refused.code, refused.reason) == (400, "TOO_SMALL", "amount is too small")
    assert str(refused) == "testpay make thing: refused with 400 TOO_SMALL: amount is too small"
    assert len(server.received) == 1
    assert time.naps == []


async def test_a_closed_port_is_unavailable_for_every_effect(closed_port: int, pacing: Pacing) -> None:
    for effect in Effect:
        client = client_for(f"http://127.0.0.1:{closed_port}", pacing)
        error = await failure(client, effect)
        assert type(error) is ProviderUnavailable
        assert error.reason == "not sent: ConnectError"


async def test_a_time_out_before_sending_is_unavailable(server: FaultyServer, time: ManualTime) -> None:
    # The server takes the connection and never answers the TLS greeting: nothing of the request was sent.
    client = client_for(server.url.replace("http:", "https:"), time.pacing(attempts=1))

    error = await failure(client, Effect.WRITE)

    assert type(error) is ProviderUnavailable
    assert error.reason == "not sent: ConnectTimeout"
    assert server.received == []


async def test_a_write_without_key_is_sent_once_and_a_lost_answer_is_unknown(
    server: FaultyServer, client: JsonClient, time: ManualTime
) -> None:
    server.hang()
    error = await failure(client, Effect.WRITE)
    assert type(error) is ProviderOutcomeUnknown
    assert error.reason == "ReadTimeout"

    server.drop()
    error = await failure(client, Effect.WRITE)
    assert type(error) is ProviderOutcomeUnknown
    assert error.reason == "RemoteProtocolError"

    server.cut()
    error = await failure(client, Effect.WRITE)
    assert type(error) is ProviderOutcomeUnknown
    assert error.reason == "RemoteProtocolError"

    server.answer(500, {"code": "SERVER_ERROR", "message": "oops"})
    error = await failure(client, Effect.WRITE)
    assert type(error) is ProviderOutcomeUnknown
    assert (error.status, error.code, error.reason) == (500, "SERVER_ERROR", "500 oops")

    assert len(server.received) == 4
    assert time.naps == []


async def test_a_dripping_answer_ends_at_the_attempts_deadline(server: FaultyServer, time: ManualTime) -> None:
    client = JsonClient(
        "testpay",
        server.url,
        time.pacing(),
        read_fault=fault_of,
        deadlines=Deadlines(connect=0.2, read=5.0, attempt=0.2),
    )
    server.hang()

    error = await failure(client, Effect.WRITE)

    assert type(error) is ProviderOutcomeUnknown
    assert error.reason == "no whole answer in time"


async def test_a_keyed_write_is_repeated_until_it_is_answered(
    server: FaultyServer, client: JsonClient, time: ManualTime
) -> None:
    server.hang()
    server.answer(500, {})
    server.answer(200, {"id": "t-1"})

    assert await client.send(call(Effect.KEYED_WRITE), Thing) == Thing("t-1")
    assert len(server.received) == 3
    assert time.naps == [0.5, 1.0]


async def test_attempts_are_limited(server: FaultyServer, client: JsonClient, time: ManualTime) -> None:
    for _ in range(3):
        server.answer(502, b"<html>Bad Gateway</html>")

    error = await failure(client, Effect.KEYED_WRITE)

    assert type(error) is ProviderOutcomeUnknown
    assert (error.status, error.code, error.reason) == (502, "", "502 Scripted")
    assert time.naps == [0.5, 1.0]


async def test_a_refusal_after_a_lost_answer_leaves_the_outcome_unknown(
    server: FaultyServer, client: JsonClient
) -> None:
    server.drop()
    server.answer(400, {"code": "INSUFFICIENT_BALANCE", "message": "no money left"})

    error = await failure(client, Effect.KEYED_WRITE)

    assert type(error) is ProviderOutcomeUnknown
    assert (error.status, error.code) == (400, "INSUFFICIENT_BALANCE")
    assert error.reason == "RemoteProtocolError; then no money left"


async def test_a_closed_door_after_a_lost_answer_leaves_the_outcome_unknown(
    server: FaultyServer, client: JsonClient
) -> None:
    server.drop()
    server.answer(503, {}, retry_after="1")
    server.answer(503, {}, retry_after="1")

    error = await failure(client, Effect.KEYED_WRITE)

    assert type(error) is ProviderOutcomeUnknown


async def test_a_known_key_is_an_unknown_outcome_and_not_repeated(server: FaultyServer, client: JsonClient) -> None:
    server.answer(409, {"code": "DUPLICATE_ERROR", "message": "key used before"})
    error = await failure(client, Effect.KEYED_WRITE)
    assert type(error) is ProviderOutcomeUnknown
    assert (error.status, error.code) == (409, "DUPLICATE_ERROR")

    server.answer(409, {"code": "DUPLICATE_ERROR", "message": "exists"})
    assert type(await failure(client, Effect.WRITE)) is ProviderRefused
    assert len(server.received) == 2


async def test_too_many_requests_waits_as_long_as_the_provider_wishes(
    server: FaultyServer, client: JsonClient, time: ManualTime
) -> None:
    server.answer(429, {}, rate_limit_reset="7.5")
    server.answer(503, {}, retry_after="Mon, 23 Nov 2026 10:00:04 GMT", date="Mon, 23 Nov 2026 10:00:00 GMT")
    server.answer(200, {"id": "t-1"})

    assert await client.send(call(Effect.KEYED_WRITE), Thing) == Thing("t-1")
    assert time.naps == [7.5, 4.0]


async def test_a_longer_wish_is_handed_to_the_caller(
    server: FaultyServer, client: JsonClient, time: ManualTime
) -> None:
    server.answer(429, {"code": "RATE_LIMIT_EXCEEDED", "message": "slow down"}, retry_after="60")

    error = await failure(client, Effect.KEYED_WRITE)

    assert isinstance(error, ProviderUnavailable)
    assert error.retry_after == 60.0
    assert error.reason == "429 RATE_LIMIT_EXCEEDED slow down"
    assert time.naps == []


async def test_503_says_no_only_with_retry_after(server: FaultyServer, client: JsonClient) -> None:
    server.answer(503, {}, retry_after="soon")
    assert type(await failure(client, Effect.WRITE)) is ProviderUnavailable
    server.answer(503, {})
    assert type(await failure(client, Effect.WRITE)) is ProviderOutcomeUnknown


async def test_408_and_redirects_prove_nothing(server: FaultyServer, client: JsonClient) -> None:
    server.answer(408, {})
    assert type(await failure(client, Effect.WRITE)) is ProviderOutcomeUnknown
    server.answer(302, {}, location="https://elsewhere.example/")
    assert type(await failure(client, Effect.WRITE)) is ProviderOutcomeUnknown


async def test_a_limit_told_by_code_is_unavailable_whatever_the_status(
    server: FaultyServer, client: JsonClient
) -> None:
    server.answer(400, {"code": "BUSY", "message": "try later"})
    assert type(await failure(client, Effect.WRITE)) is ProviderUnavailable


async def test_an_unreadable_yes_is_an_unknown_outcome(server: FaultyServer, client: JsonClient) -> None:
    server.answer(200, b"<html>")
    error = await failure(client, Effect.KEYED_WRITE)
    assert type(error) is ProviderOutcomeUnknown
    assert error.reason == "the answer cannot be read: not JSON"

    server.answer(200, {"id": "t-1", "amount": 10.5})
    error = await failure(client, Effect.KEYED_WRITE)
    assert type(error) is ProviderOutcomeUnknown
    assert error.reason == "the answer cannot be read: Expected `int`, got `float` - at `$.amount`"
    assert len(server.received) == 2


async def test_a_read_is_repeated_and_never_of_unknown_outcome(
    server: FaultyServer, client: JsonClient, time: ManualTime
) -> None:
    server.drop()
    server.answer(500, {})
    server.answer(200, {"id": "t-1"})
    assert await client.send(call(Effect.READ), Thing) == Thing("t-1")
    assert time.naps == [0.5, 1.0]

    server.hang()
    server.drop()
    server.answer(500, {})
    assert type(await failure(client, Effect.READ)) is ProviderUnavailable
    server.answer(200, b"[]")
    assert type(await failure(client, Effect.READ)) is ProviderUnavailable


async def test_the_circuit_opens_turns_away_and_closes_after_a_good_trial(
    server: FaultyServer, time: ManualTime
) -> None:
    client = client_for(server.url, time.pacing(attempts=1, failures_to_open=2))
    for _ in range(2):
        server.answer(500, {})
        await failure(client, Effect.WRITE)
    assert client.breaker.circuit() is Circuit.OPEN

    error = await failure(client, Effect.WRITE)
    assert isinstance(error, ProviderUnavailable)
    assert error.reason == "not called: it keeps failing"
    assert error.retry_after == 30.0
    assert len(server.received) == 2

    time.now += 30.0
    server.answer(200, {"id": "t-1"})
    assert await client.send(call(Effect.WRITE), Thing) == Thing("t-1")
    assert client.breaker.circuit() is Circuit.CLOSED


async def test_a_refusal_says_that_the_provider_is_well(server: FaultyServer, time: ManualTime) -> None:
    client = client_for(server.url, time.pacing(attempts=1, failures_to_open=2))
    for status in (500, 404, 500, 429):
        server.answer(status, {})
        await failure(client, Effect.WRITE)
    assert client.breaker.circuit() is Circuit.CLOSED


async def test_an_opening_circuit_ends_the_repeating(server: FaultyServer, time: ManualTime) -> None:
    client = client_for(server.url, time.pacing(attempts=5, failures_to_open=2))
    server.answer(500, {})
    server.answer(500, {})

    assert type(await failure(client, Effect.KEYED_WRITE)) is ProviderOutcomeUnknown
    assert len(server.received) == 2


async def test_a_cancelled_trial_leaves_the_next_one_free(server: FaultyServer, time: ManualTime) -> None:
    client = client_for(server.url, time.pacing(attempts=1, failures_to_open=1))
    server.answer(500, {})
    await failure(client, Effect.WRITE)
    time.now += 30.0
    server.hang()
    trial = asyncio.create_task(client.send(call(Effect.WRITE), Thing))
    while len(server.received) < 2:
        await asyncio.sleep(0.005)
    assert (await failure(client, Effect.WRITE)).reason == "not called: it keeps failing"
    trial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trial

    server.answer(200, {"id": "t-1"})
    assert await client.send(call(Effect.WRITE), Thing) == Thing("t-1")


async def test_every_attempt_is_observed(server: FaultyServer, time: ManualTime, closed_port: int) -> None:
    observed: list[Observation] = []
    client = client_for(server.url, time.pacing(), observed)
    server.answer(500, {})
    server.answer(200, {"id": "t-1"})
    await client.send(call(Effect.KEYED_WRITE), Thing)
    server.answer(404, {})
    await failure(client, Effect.READ)

    assert [(seen.provider, seen.operation, seen.outcome) for seen in observed] == [
        ("testpay", "make thing", "unknown"),
        ("testpay", "make thing", "answered"),
        ("testpay", "make thing", "refused"),
    ]


async def test_no_secret_or_personal_data_leaves_by_error_or_log(
    server: FaultyServer, client: JsonClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    message = "budi@example.com or +62 812-3456-7890 with account 1234567890 and key xnd_development_a1B2c3D4e5F6"
    private = Call(
        operation="make thing",
        method="POST",
        path="/things",
        effect=Effect.WRITE,
        form={"phone": "+6281234567890", "password": "hunter2"},
        headers={"x-key": "secret-header"},
    )
    server.answer(400, {"code": "BAD", "message": message})
    server.drop()
    server.hang()
    errors: list[ProviderError] = []
    for _ in range(3):
        with pytest.raises(ProviderError) as caught:
            await client.send(private, Thing)
        errors.append(caught.value)

    assert errors[0].reason == "*** or *** with account *** and key ***"
    for error in errors:
        assert error.__cause__ is None
        assert error.__context__ is None
    told = repr(errors) + str(errors) + repr(private) + caplog.text
    for secret in ("secret-key", "c2VjcmV0LWtleTo", "hunter2", "secret-header", "budi@", "812-3456", "81234567890"):
        assert secret not in told


def test_errors_survive_pickling() -> None:
    for error in (
        ProviderRefused("p", "o", "r", 400, "CODE", {"order_id": "x"}),
        ProviderUnavailable("p", "o", "r", 2.5),
        ProviderOutcomeUnknown("p", "o", "r", 500, "CODE"),
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error)
        assert copy.__dict__ == error.__dict__
        assert str(copy) == str(error)
