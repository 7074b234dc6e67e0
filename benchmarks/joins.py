"""Joins of one hot session over HTTP, beside pgbench writing the same rows with row locks in the same minute.

Every join is a request of a signed-in buyer of their own, with an address, a courier's price, an idempotency key and a payment.
The session is sold in bundles, so that each join changes what the others may take.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

import httpx
import msgspec

from benchmarks.frame.crowd import Buyer, make_buyers
from benchmarks.frame.figures import Spread, ratio
from benchmarks.frame.load import Outcome, Plan, drive, request_bytes
from benchmarks.frame.market import Market, copy_sessions
from benchmarks.frame.pgbench import PgbenchOutcome, pgbench
from benchmarks.frame.platform import BenchPlatform, bench_platform
from patungan.operations.progress import Progress
from patungan.services.group_buying.rules import MAX_OPEN_HOLDS

VARIANTS = ("S", "M", "L", "XL")
EXCESS = 400
"""How far a variant may run ahead of the one that is furthest behind, in units."""

ROW_LOCKS = """
\\set position random(0, 3)
begin;
select id from group_buying.sessions where id = :session::uuid for update;
update group_buying.session_variants set demand = demand + 1 where session_id = :session::uuid and position = :position::smallint;
insert into group_buying.participants (id, session_id, user_id, position, variant_id, quantity, unit_price,
    product_amount, leg1_amount, leg2_amount, fee_amount, courier_service, address, status, idempotency_key, input_hash,
    joined_at, expires_at)
select gen_random_uuid(), :session::uuid, gen_random_uuid(), :position::smallint, variant_id, 1, 100000, 100000, 1, 9000, 3000,
    'reguler', :address::jsonb, 'held', gen_random_uuid()::text, '\\x00', now(), now() + interval '30 minutes'
    from group_buying.session_variants where session_id = :session::uuid and position = :position::smallint;
update group_buying.sessions set held_quantity = held_quantity + 1 where id = :session::uuid;
insert into payment.payments (id, code, participant_id, session_id, user_id, description, product_amount, leg1_amount,
    leg2_amount, fee_amount, total, status, created_at, expires_at)
values (gen_random_uuid(), 'PAY-20260101-' || upper(right(md5(random()::text), 6)), gen_random_uuid(), :session::uuid,
    gen_random_uuid(), 'GB-20260101-ABCDE Kemeja Batik Pria x 1', 100000, 1, 9000, 3000, 112001, 'pending', now(),
    now() + interval '30 minutes') on conflict (code) do nothing;
insert into payment.events (id, type, version, occurred_at, payload)
values (gen_random_uuid(), 'reference.join', 1, now(), :payload::jsonb);
commit;
"""
"""What a join writes, as a design with row locks writes it: six statements and a commit."""


class Options(msgspec.Struct, frozen=True):
    connections: Annotated[tuple[int, ...], "connections at a time, straight to the service"] = (16, 64, 256)
    gateway_connections: Annotated[tuple[int, ...], "connections at a time, through the gateway"] = (64,)
    joins: Annotated[int, "joins of each measurement"] = 9000
    clients: Annotated[tuple[int, ...], "clients of pgbench"] = (1, 4, 16, 64)
    seconds: Annotated[int, "time of each pgbench run"] = 5


class Measured(msgspec.Struct, frozen=True):
    """Joins at one number of connections. ``refused`` are those that a bundle's limit did not allow."""

    connections: int
    accepted: int
    refused: int
    rate: float
    latency: Spread
    load_cpu_seconds: float
    api_cpu_seconds: float
    worker_cpu_seconds: float
    postgres_cpu_seconds: float


class Report(msgspec.Struct, frozen=True):
    """``at_64`` and ``best`` divide joins a second over HTTP by pgbench's transactions a second."""

    reference: str
    straight: list[Measured]
    through_gateway: list[Measured]
    row_locks: list[PgbenchOutcome]
    at_64: float
    best: float
    p99_at_64_milliseconds: float
    holds: dict[str, bool]


async def run(progress: Progress, options: Options) -> Report:
    """Each measurement has a session and buyers of its own; the reference runs between them."""
    async with bench_platform(progress, gateway=True, web=False) as platform, httpx.AsyncClient(timeout=60) as client:
        market = await Market.open(platform, client, *VARIANTS)
        await _sell_in_bundles(market, client)
        first = await market.session()
        ways = [(platform.port("group-buying"), number) for number in options.connections]
        ways += [(platform.gateway_port, number) for number in options.gateway_connections]
        sessions = await copy_sessions(platform, first["id"], len(ways) + 2)
        warm_up, reference, *own = sessions
        await _measure(platform, client, market, warm_up, ways[0][0], 16, 600)
        row_locks, measured, lost = [], [], []
        for clients in options.clients:
            with progress.step(f"pgbench with {clients} clients"):
                row_locks.append(await _reference(platform, reference, clients, options.seconds))
        for (port, number), session_id in zip(ways, own, strict=True):
            with progress.step(f"{options.joins} joins on {number} connections"):
                came, answered = await _measure(platform, client, market, session_id, port, number, options.joins)
            measured.append(came)
            lost.append(await _faults(platform, session_id, answered))
    straight, through = measured[: len(options.connections)], measured[len(options.connections) :]
    best = max(row_locks, key=lambda each: each.rate)
    at_64 = {each.connections: each for each in straight}.get(64, straight[-1])
    contended = {each.clients: each for each in row_locks}.get(64, row_locks[-1])
    return Report(
        "pgbench writing the same rows (participant, payment, event, variant, session) under a row lock on the session",
        straight,
        through,
        row_locks,
        ratio(at_64.rate, contended.rate),
        ratio(max(each.rate for each in straight), best.rate),
        at_64.latency.p99,
        {name: not any(name in each for each in lost) for name in _CHECKS},
    )


async def _sell_in_bundles(market: Market, client: httpx.AsyncClient) -> None:
    shares = [
        {"variant_id": each["id"], "units_per_bundle": 1, "max_excess_units": EXCESS}
        for each in market.product["variants"]
    ]
    url = market.platform.url("warehouse", f"/api/warehouse/bundles/{market.product['id']}")
    answer = await client.put(url, json={"variants": shares}, headers=market.headers(as_owner=True))
    answer.raise_for_status()


async def _service(platform: BenchPlatform, client: httpx.AsyncClient, session_id: UUID, buyer: Buyer) -> str:
    answer = await client.get(
        platform.url("group-buying", f"/api/group-buying/{session_id}/shipping-options"),
        params={"address_id": str(buyer.address_id)},
        headers={"Authorization": f"Bearer {buyer.token}"},
    )
    answer.raise_for_status()
    return str(answer.json()["items"][0]["service"])


async def _measure(
    platform: BenchPlatform,
    client: httpx.AsyncClient,
    market: Market,
    session_id: UUID,
    port: int,
    connections: int,
    joins: int,
) -> tuple[Measured, Outcome]:
    buyers = await make_buyers(platform, -(-joins // MAX_OPEN_HOLDS))
    service = await _service(platform, client, session_id, buyers[0])
    variants = [each["id"] for each in market.product["variants"]]
    requests = [
        _join_request(session_id, buyers[number // MAX_OPEN_HOLDS], variants[number % 4], service, number)
        for number in range(joins)
    ]
    pieces = ("api", "worker", "postgres")
    before = [platform.pieces[name].cpu_seconds() for name in pieces]
    outcome = await drive(Plan(port, [requests[place::connections] for place in range(connections)], keep_bodies=True))
    spent = [platform.pieces[name].cpu_seconds() - cpu for name, cpu in zip(pieces, before, strict=True)]
    measured = Measured(
        connections,
        outcome.statuses.get(201, 0),
        outcome.statuses.get(409, 0),
        round(outcome.statuses.get(201, 0) / outcome.seconds, 1),
        outcome.spread,
        *(round(seconds, 2) for seconds in (outcome.cpu_seconds, *spent)),
    )
    return measured, outcome


def _join_request(session_id: UUID, buyer: Buyer, variant_id: str, service: str, number: int) -> bytes:
    body = {"quantity": 1, "variant_id": variant_id, "address_id": buyer.address_id, "courier_service": service}
    return request_bytes(
        "POST",
        f"/api/group-buying/{session_id}/join",
        token=buyer.token,
        body=msgspec.json.encode(body),
        headers={"Idempotency-Key": f"bench-{session_id}-{number}"},
    )


_CHECKS = {
    "every accepted join is in the database": "accepted - participants",
    "every accepted join has its payment": "accepted - payments",
    "no variant is over its limit": "greatest(0, spread - excess)",
    "the session counts what was joined": "held - participants",
    "every request was answered": "unanswered",
}


async def _faults(platform: BenchPlatform, session_id: UUID, outcome: Outcome) -> set[str]:
    """Which checks fail for a session, against the database; payments may follow by event for a few seconds."""
    joined = [msgspec.json.decode(body) for body in outcome.bodies]
    accepted = {UUID(each["participant_id"]) for each in joined if "participant_id" in each}
    unanswered = outcome.failures + sum(count for status, count in outcome.statuses.items() if status not in (201, 409))
    owner = await platform.owner()
    try:
        faults: dict[str, Any] = {}
        for _ in range(20):
            row = await owner.fetchrow(
                """
                with figures as (
                    select cardinality($2::uuid[]) as accepted, $3::int as excess, $4::int as unanswered,
                        (select count(*) from group_buying.participants where session_id = $1 and id = any($2))
                            as participants,
                        (select count(*) from payment.payments where session_id = $1 and participant_id = any($2))
                            as payments,
                        (select max(demand) - min(demand) from group_buying.session_variants where session_id = $1)
                            as spread,
                        (select held_quantity from group_buying.sessions where id = $1) as held
                )
                select """
                + ", ".join(f'({sql}) as "{name}"' for name, sql in _CHECKS.items())
                + " from figures",
                session_id,
                list(accepted),
                EXCESS,
                unanswered,
            )
            faults = {name: value for name, value in (row or {}).items() if value}
            if not faults:
                break
            await asyncio.sleep(0.5)
    finally:
        await owner.close()
    return set(faults)


async def _reference(platform: BenchPlatform, session_id: UUID, clients: int, seconds: int) -> PgbenchOutcome:
    owner = await platform.owner()
    try:
        await owner.execute(
            "insert into payment.escrows (session_id, opened_at) values ($1, now()) on conflict do nothing", session_id
        )
        address = await owner.fetchval("select address::text from group_buying.participants limit 1")
        payload = await owner.fetchval(
            "select payload::text from payment.events where type = 'payment.created' limit 1"
        )
    finally:
        await owner.close()
    variables = {"session": str(session_id), "address": address, "payload": payload}
    return await pgbench(platform, ROW_LOCKS, clients=clients, seconds=seconds, variables=variables)
