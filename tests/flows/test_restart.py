"""PostgreSQL and Valkey are killed under a running platform: requests fail cleanly for that moment, nothing is lost."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from patungan.operations.migrate import migrate
from tests.books import assert_books_whole
from tests.conftest import ROLE_SECRET, throw_away_servers
from tests.house import House, Shape
from tests.market import Market


@pytest.mark.slow
async def test_the_platform_outlives_its_servers() -> None:
    with throw_away_servers(durable=True) as (servers, postgres, valkey):
        await servers.create_database("template_restart")
        await migrate(servers.url("template_restart"), ROLE_SECRET)
        async with House(servers, "template_restart", Shape.SERIALISED) as house:
            market = await Market.open(house)
            await market.stock(50)
            session = await market.session(target_moq=20)
            buyer = await market.buyer()
            joined = await buyer.join(session, 10)

            valkey.kill()
            assert (await market.look(session))["held_quantity"] == 10
            assert (await house.request("GET", "group-buying", "/ready")).status_code == 503
            await asyncio.to_thread(valkey.start)

            postgres.kill()
            # The participants are read for everybody who asks; the session itself may still be kept for a moment.
            path = f"/api/group-buying/{session['id']}/participants"
            failed = await house.request("GET", "group-buying", path)
            assert (failed.status_code, failed.json()["code"]) == (503, "service_unavailable")
            refused = await buyer.join_response(session, 1, courier_service="any", key="during")
            assert (refused.status_code, refused.json()["code"]) == (503, "service_unavailable")
            assert (await house.request("GET", "group-buying", "/health")).status_code == 200
            await asyncio.to_thread(postgres.start)

            async def answers_again() -> bool:
                response: httpx.Response = await house.request("GET", "group-buying", "/ready")
                return response.status_code == 200

            await house.eventually(answers_again)
            await buyer.pay(joined)
            await market.paid_units(session, 10)
            await market.end(session)
            await market.reaches(session, "orders_created", seconds=40)
            assert await buyer.wallet() == 10 * 10_000
            await assert_books_whole(house)
