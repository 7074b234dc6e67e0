"""Calls between services: what is the same in every shape, and the one thing that differs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from patungan.contracts import address, auth
from patungan.kernel.calls import Calls
from patungan.kernel.chance import SeededChance
from patungan.kernel.contract import Message, Operation
from patungan.kernel.errors import CallInsideTransaction, RemoteCallError, TokenExpired
from patungan.kernel.pools import Pools
from patungan.kernel.time import SharedClock, VirtualClock
from tests.house import House


async def test_a_business_error_arrives_as_itself(house: House) -> None:
    request = address.GetAddress(user_id=uuid4(), address_id=uuid4())
    with pytest.raises(address.AddressNotFound):
        await house.context("group-buying").call(address.get_address, request)


async def test_an_answer_arrives_typed(house: House) -> None:
    person = await house.person()
    users = await house.context("order").call(auth.get_users, auth.GetUsers(user_ids=[person.id, uuid4()]))
    assert [(user.id, user.phone) for user in users.users] == [(person.id, person.phone)]


async def test_no_call_inside_a_transaction(house: House) -> None:
    ctx = house.context("order")
    with pytest.raises(CallInsideTransaction):
        async with ctx.db.transaction():
            await ctx.call(auth.get_users, auth.GetUsers(user_ids=[]))


class Asked(Message, frozen=True):
    text: str


SAFE: Operation[Asked, Asked] = Operation("nowhere", "safe", Asked, Asked, True, 0.3)
ONCE: Operation[Asked, Asked] = Operation("nowhere", "once", Asked, Asked, False, 0.3)


def _calls(answer: Any) -> tuple[Calls, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    async def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        response = answer(len(seen))
        if isinstance(response, Exception):
            raise response
        assert isinstance(response, httpx.Response)
        return response

    pools = {"nowhere": Pools(transport=httpx.MockTransport(handle))}
    urls = {"nowhere": "http://nowhere"}
    return Calls("test", VirtualClock(), SeededChance(1), "s" * 64, local={}, urls=urls, pools=pools), seen


def _good(_attempt: int) -> httpx.Response:
    return httpx.Response(200, content=msgspec.json.encode(Asked(text="yes")))


async def test_a_lost_answer_is_asked_again_where_that_is_safe() -> None:
    calls, seen = _calls(lambda attempt: _good(attempt) if attempt == 3 else httpx.ReadTimeout("no answer"))
    assert await calls.call(SAFE, Asked(text="?")) == Asked(text="yes")
    assert len(seen) == 3
    assert seen[0].headers["Authorization"].startswith("Bearer ")


async def test_a_lost_answer_is_an_open_outcome_and_not_repeated_where_it_is_not_safe() -> None:
    calls, seen = _calls(lambda _attempt: httpx.ReadTimeout("no answer"))
    with pytest.raises(RemoteCallError):
        await calls.call(ONCE, Asked(text="?"))
    assert len(seen) == 1


async def test_retrying_ends() -> None:
    calls, seen = _calls(lambda _attempt: httpx.Response(503, json={"code": "service_unavailable"}))
    with pytest.raises(RemoteCallError):
        await calls.call(SAFE, Asked(text="?"))
    assert len(seen) == 3


async def test_a_refusal_is_not_retried() -> None:
    problem = auth.UnknownUser().document()
    calls, seen = _calls(lambda _attempt: httpx.Response(404, json=problem))
    with pytest.raises(auth.UnknownUser):
        await calls.call(SAFE, Asked(text="?"))
    assert len(seen) == 1


async def test_a_token_that_ran_out_on_the_way_is_made_anew() -> None:
    late = httpx.Response(401, json=TokenExpired().document())
    calls, seen = _calls(lambda attempt: _good(attempt) if attempt == 2 else late)
    assert await calls.call(SAFE, Asked(text="?")) == Asked(text="yes")
    assert len(seen) == 2


async def test_a_service_token_is_for_one_service_and_one_minute(house: House) -> None:
    url = house.url("auth", "/internal/get-users")
    token = house.service_token("auth")
    headers = {"Authorization": f"Bearer {token}"}
    assert (await house.client.post(url, json={"user_ids": []}, headers=headers)).status_code == 200
    house.later(seconds=61)
    late = await house.client.post(url, json={"user_ids": []}, headers=headers)
    assert (late.status_code, late.json()["code"]) == (401, "token_expired")


async def test_processes_share_a_clock_by_its_file(tmp_path: Path) -> None:
    here, there = SharedClock(tmp_path / "clock"), SharedClock(tmp_path / "clock")
    here.advance(timedelta(hours=3))
    there.advance(timedelta(microseconds=1_500_000))
    for clock in (here, there, SharedClock(tmp_path / "clock")):
        ahead = (clock.now() - datetime.now(UTC)).total_seconds()
        assert abs(ahead - 3 * 3600 - 1.5) < 1
    with pytest.raises(ValueError, match="never goes back"):
        there.advance(timedelta(seconds=-1))


async def test_the_virtual_clock_moves_forward_only() -> None:
    clock = VirtualClock()
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 1
    with pytest.raises(ValueError, match="never goes back"):
        clock.advance(timedelta(seconds=-1))
