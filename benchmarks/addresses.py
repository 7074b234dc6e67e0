"""Looking up a place as one types: prefixes, whole names, abbreviations and slips, over HTTP on the address service.

References, in the same minute: a prepared answer of the same size from the same server, and `ilike '%...%'` over the names of
all places in PostgreSQL, without HTTP.
"""

from __future__ import annotations

import random
from typing import Annotated
from urllib.parse import quote

import httpx
import msgspec

from benchmarks.frame.figures import Spread, ratio
from benchmarks.frame.floor import floor
from benchmarks.frame.load import Outcome, Plan, drive, request_bytes
from benchmarks.frame.pgbench import pgbench
from benchmarks.frame.platform import BenchPlatform, bench_platform
from benchmarks.search import slip
from patungan.operations.progress import Progress
from patungan.services.address.atlas import DISTRICT, Atlas, atlas

ASKED_ONCE = 100
"""Queries of each kind whose answers are looked at."""


class Options(msgspec.Struct, frozen=True):
    connections: Annotated[int, "people who type at the same time"] = 4
    seconds: Annotated[float, "time of each measurement"] = 4.0
    queries: Annotated[int, "different places that are typed, of each kind"] = 300
    seed: Annotated[int, "of the places and the slips"] = 1


class Measured(msgspec.Struct, frozen=True):
    rate: float
    latency: Spread
    statuses: dict[int, int]


class Report(msgspec.Struct, frozen=True):
    """``ratios`` are mean times of the look-up as one types, divided by the reference of that name. ``found`` is the share
    of the queries of a kind whose first eight places hold the one that was meant."""

    places: int
    memory_mb: float
    """By how much the first look-up made the one api process of all services grow."""
    process_mb: float
    """What that process has in all, afterwards."""
    first_answer_ms: float
    searches: dict[str, Measured]
    references: dict[str, Spread]
    ratios: dict[str, float]
    found: dict[str, float]
    holds: dict[str, bool]


async def run(progress: Progress, options: Options) -> Report:
    """Type places letter by letter and in other ways, then measure the references."""
    chance = random.Random(options.seed)
    known = atlas()
    kinds = queries(chance, known, options.queries)
    async with bench_platform(progress) as platform, httpx.AsyncClient(timeout=60) as client:
        before = platform.pieces["api"].megabytes()
        first = await client.get(platform.url("address", _path("bandung")))
        first.raise_for_status()
        after = platform.pieces["api"].megabytes()
        with progress.step("asked the last hundred of each kind once"):
            found = {kind: await _share_found(platform, client, asked[-ASKED_ONCE:]) for kind, asked in kinds.items()}
        searches = {}
        for kind, asked in kinds.items():
            with progress.step(f"measured: {kind}"):
                searches[kind] = _told(
                    await _load(options, platform.port("address"), [_path(each) for each, _ in asked])
                )
        size = len(first.content)
        with progress.step("measured the references"):
            async with floor(size) as port:
                prepared = (await _load(options, port, ["/"])).spread
            process = platform.pieces["api"].megabytes()
            scanned = await _scan(platform, known, options, [each for each, _ in kinds["as one types"]])
    typed = searches["as one types"].latency
    references = {"a prepared answer of the same size": prepared, "ilike over all names": scanned}
    return Report(
        len(known),
        round(after - before, 1),
        round(process, 1),
        round(first.elapsed.total_seconds() * 1000, 1),
        searches,
        references,
        {name: ratio(typed.mean, each.mean) for name, each in references.items()},
        found,
        {
            "as one types: 95 % within 15 ms": typed.p95 < 15,
            "the one process stays below 500 MB": process < 500,
            "every answer was 200": all(set(each.statuses) == {200} for each in searches.values()),
        },
    )


def queries(chance: random.Random, known: Atlas, count: int) -> dict[str, list[tuple[str, str]]]:
    """What is typed and the code of the place that is meant: every beginning of some places' names from two letters on,
    whole places, such with abbreviations, and such with a slip in each long word."""
    asked: dict[str, list[tuple[str, str]]] = {"as one types": [], "whole": [], "abbreviated": [], "misspelt": []}
    for place in chance.sample([each for each in range(len(known)) if known.levels[each] >= DISTRICT], count):
        names = [known.name(each) for each in known.upwards(place)]
        city = names[-2]
        whole, code = f"{names[0]} {city.split(' ', 1)[1]}", known.code(place)
        asked["whole"].append((whole, code))
        kind = "kec" if known.levels[place] == DISTRICT else "kel"
        short = city.replace("Kabupaten", "kab").replace("Kota", "kota")
        asked["abbreviated"].append((f"{kind}. {names[0]}, {short}", code))
        asked["misspelt"].append(
            (" ".join(slip(chance, word) if len(word) >= 5 else word for word in whole.split()), code)
        )
        asked["as one types"] += [(whole[:length], code) for length in range(2, len(whole) + 1)]
    return asked


def _path(query: str) -> str:
    return f"/api/regions/search?limit=8&q={quote(query.strip() if len(query.strip()) > 1 else 'ba')}"


async def _share_found(platform: BenchPlatform, client: httpx.AsyncClient, asked: list[tuple[str, str]]) -> float:
    hits = 0
    for query, code in asked:
        answer = await client.get(platform.url("address", _path(query)))
        hits += any(each["code"] == code for each in answer.json()["items"])
    return round(hits / len(asked), 3)


async def _load(options: Options, port: int, paths: list[str]) -> Outcome:
    share = [paths[number :: options.connections] or paths for number in range(options.connections)]
    connections = [[request_bytes("GET", path) for path in mine] for mine in share]
    return await drive(Plan(port, connections, seconds=options.seconds, warm_up=0.5))


def _told(outcome: Outcome) -> Measured:
    return Measured(round(outcome.rate, 1), outcome.spread, outcome.statuses)


async def _scan(platform: BenchPlatform, known: Atlas, options: Options, words: list[str]) -> Spread:
    owner = await platform.owner()
    try:
        await owner.execute("create table public.bench_places (name text)")
        names = [(" ".join(known.name(each) for each in known.upwards(place)),) for place in range(len(known))]
        await owner.copy_records_to_table("bench_places", schema_name="public", records=names)
        await owner.execute("analyze public.bench_places")
    finally:
        await owner.close()
    picked = [word.replace("'", "") for word in words[:: max(1, len(words) // 60)]]
    word = "(array[" + ", ".join(f"'{each}'" for each in picked) + "])[:n]"
    script = (
        f"\\set n random(1, {len(picked)})\n"
        f"select name from public.bench_places where name ilike '%' || {word} || '%' order by length(name) limit 8;"
    )
    outcome = await pgbench(
        platform, script, clients=options.connections, seconds=max(1, round(options.seconds)), prepared=False
    )
    return outcome.latency
