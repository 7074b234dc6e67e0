"""Searching: misspelt, well spelt and half-typed queries over 100,000 products, with facets and without, over HTTP.

References, in the same minute on the same rows: the same words by `ilike '%...%'`, likeness of trigrams over whole titles
(what the catalogue did before), and one row by an indexed equality.
"""

from __future__ import annotations

import random
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import httpx
import msgspec

from benchmarks.frame.crowd import CHANCE
from benchmarks.frame.figures import Spread, ratio
from benchmarks.frame.load import Outcome, Plan, drive, request_bytes
from benchmarks.frame.market import Market, copy_rows
from benchmarks.frame.pgbench import pgbench
from benchmarks.frame.platform import BenchPlatform, bench_platform
from patungan.kernel.database import Database
from patungan.operations import seed_data
from patungan.operations.progress import Progress
from patungan.services.product.operations.indexing import index

SYLLABLES = [
    "ba",
    "ca",
    "da",
    "ga",
    "ja",
    "ka",
    "la",
    "ma",
    "na",
    "pa",
    "ra",
    "sa",
    "ta",
    "wa",
    "ya",
    "bi",
    "di",
    "ki",
    "li",
    "mi",
    "ni",
    "ri",
    "si",
    "ti",
    "bu",
    "du",
    "ku",
    "lu",
    "mu",
    "nu",
    "ru",
    "su",
    "tu",
    "be",
    "de",
    "ke",
    "le",
    "re",
    "se",
    "te",
    "bo",
    "do",
    "ko",
    "lo",
    "ro",
    "so",
    "to",
]
"""Of which the made-up brands are built, so that the catalogue has as many words as a real one."""
COLOURS = {"merah": "red", "biru": "blue", "hijau": "green", "hitam": "black", "putih": "white", "kuning": "yellow",
           "coklat": "brown", "ungu": "purple", "abu": "grey", "jingga": "orange"}  # fmt: skip
CITIES = [
    "bandung",
    "surabaya",
    "semarang",
    "pekalongan",
    "jepara",
    "solo",
    "malang",
    "garut",
    "tasikmalaya",
    "cirebon",
    "medan",
    "padang",
]


class Options(msgspec.Struct, frozen=True):
    products: Annotated[int, "products on sale"] = 100_000
    connections: Annotated[int, "searchers at a time"] = 2
    seconds: Annotated[float, "time of each measurement"] = 5.0
    queries: Annotated[int, "different queries of each kind"] = 300
    seed: Annotated[int, "of the catalogue and the queries"] = 1


class Goods(msgspec.Struct, frozen=True):
    name: str
    name_en: str
    description: str
    description_en: str


class Asked(msgspec.Struct, frozen=True):
    """A query and the words that were meant by it."""

    text: str
    meant: list[str]


class Measured(msgspec.Struct, frozen=True):
    rate: float
    latency: Spread
    statuses: dict[int, int]


class Report(msgspec.Struct, frozen=True):
    """``ratios`` are mean times: what was measured divided by the reference of that name."""

    products: int
    words: int
    searches: dict[str, Measured]
    references: dict[str, Spread]
    ratios: dict[str, float]
    found: dict[str, float]
    """Of the queries of a kind, the share whose first page holds a product with every word that was meant."""
    holds: dict[str, bool]


async def run(progress: Progress, options: Options) -> Report:
    """Fill the catalogue, ask every query once to see what it finds, then measure the searches and their references."""
    chance = random.Random(options.seed)
    async with bench_platform(progress, gateway=False) as platform, httpx.AsyncClient(timeout=60) as client:
        goods = catalogue(chance, options.products)
        with progress.step(f"put {options.products} products on sale"):
            market = await Market.open(platform, client)
            words = await _fill(platform, market.product["id"], goods)
        kinds = queries(chance, goods, options.queries)
        with progress.step("asked every query once"):
            found = {kind: await _share_found(platform, client, asked) for kind, asked in kinds.items()}
        searches = {}
        for name, kind, rest in _MEASURED:
            with progress.step(f"measured: {name}"):
                paths = [f"{rest}{quote(each.text)}" for each in kinds[kind]]
                searches[name] = _told(await _load(platform, options, paths))
        references = await _references(progress, platform, options, kinds["one word"])
    typos = searches["misspelt"].latency
    return Report(
        options.products,
        words,
        searches,
        references,
        {name: ratio(typos.mean, each.mean) for name, each in references.items()},
        found,
        {
            "misspelt queries: 95 % within 50 ms": typos.p95 < 50,
            "misspelt queries find what was meant in 95 of 100": found["misspelt"] >= 0.95,
            "every answer was 200": all(set(each.statuses) == {200} for each in searches.values()),
        },
    )


_MEASURED = [
    ("misspelt", "misspelt", "/api/products?q="),
    ("misspelt, with facets", "misspelt", "/api/products?facets=true&q="),
    ("well spelt, two words", "two words", "/api/products?q="),
    ("well spelt, one word", "one word", "/api/products?q="),
    ("well spelt, one word, with facets", "one word", "/api/products?facets=true&q="),
    ("suggestions", "half typed", "/api/products/suggestions?q="),
]


def catalogue(chance: random.Random, count: int) -> list[Goods]:
    """Products put together from the demonstration's names, colours, cities, and brands of made-up words."""
    seeds = seed_data.products()
    brands = ["".join(chance.choices(SYLLABLES, k=chance.randint(3, 4))) for _ in range(count // 8)]
    goods = []
    for _ in range(count):
        kind, other = chance.choice(seeds), chance.choice(seeds)
        colour, city = chance.choice(list(COLOURS)), chance.choice(CITIES)
        brand = chance.choice(brands).title()
        head, head_en = " ".join(kind.name.split()[:3]), " ".join(kind.name_en.split()[:3])
        goods.append(
            Goods(
                f"{head} {brand} {colour} {city.title()}",
                f"{brand} {head_en} {COLOURS[colour]}",
                f"{kind.description} {other.description}",
                f"{kind.description_en} {other.description_en}",
            )
        )
    return goods


async def _fill(platform: BenchPlatform, product_id: str, goods: list[Goods]) -> int:
    """Copies of one product under these names, indexed as the service does it; answers how many words there are."""
    source = UUID(product_id)
    ids = [CHANCE.new_id() for _ in goods]
    owner = await platform.owner()
    await owner.execute("create temporary table goods (number int, name text, name_en text, d text, d_en text)")
    await owner.copy_records_to_table(
        "goods",
        records=[
            (n, each.name, each.name_en, each.description, each.description_en) for n, each in enumerate(goods, 1)
        ],
    )
    await owner.execute("create index on goods (number)")

    def of(column: str) -> str:
        return f"(select {column} from goods where number = copies.number)"

    await copy_rows(
        owner,
        *("product.products", "id", source, ids),
        sku="'BENCH-' || copies.number",
        slug="'bench-' || copies.number",
        name=of("name"),
        name_en=of("name_en"),
        description=of("d"),
        description_en=of("d_en"),
    )
    database = Database(platform.database_url, "product", max_size=1)
    await database.open()
    for start in range(0, len(ids), 2_000):
        async with database.transaction() as tx:
            await index(tx, ids[start : start + 2_000])
    await database.close()
    await owner.execute("vacuum analyze product.products")
    await owner.execute("vacuum analyze product.search_documents")
    await owner.execute("vacuum analyze product.search_words")
    words = await owner.fetchval("select count(*) from product.search_words")
    await owner.close()
    return int(words)


def queries(chance: random.Random, goods: list[Goods], count: int) -> dict[str, list[Asked]]:
    """Queries in both languages of words that products have; a misspelt one has a slip in each word of five letters up."""
    asked: dict[str, list[Asked]] = {"one word": [], "two words": [], "misspelt": [], "half typed": []}
    while len(asked["misspelt"]) < count:
        each = chance.choice(goods)
        words = [word for word in chance.choice([each.name, each.name_en]).lower().split() if word.isalpha()]
        if len(words) < 2 or max(map(len, words)) < 5:
            continue
        pair = chance.sample(words, 2)
        asked["one word"].append(Asked(pair[0], pair[:1]))
        asked["two words"].append(Asked(" ".join(pair), pair))
        asked["half typed"].append(Asked(f"{pair[0]} {pair[1][:3]}", pair[:1]))
        slipped = [slip(chance, word) if len(word) >= 5 else word for word in pair]
        if slipped != pair:
            asked["misspelt"].append(Asked(" ".join(slipped), pair))
    return asked


def slip(chance: random.Random, word: str) -> str:
    """A word with one letter dropped, doubled, changed or swapped with its neighbour; two of eight letters and more at times."""
    for _ in range(chance.randint(1, 2) if len(word) >= 8 else 1):
        place = chance.randrange(len(word) - 1)
        head, tail = word[:place], word[place:]
        word = chance.choice(
            [
                head + tail[1:],
                head + tail[0] + tail,
                head + chance.choice("aeiou") + tail[1:],
                head + tail[1] + tail[0] + tail[2:],
            ]
        )
    return word


async def _share_found(platform: BenchPlatform, client: httpx.AsyncClient, asked: list[Asked]) -> float:
    hits = 0
    for each in asked:
        answer = await client.get(platform.url("product", "/api/products"), params={"q": each.text})
        names = [f"{item['name']} {item['name_en']}".lower() for item in answer.json()["items"]]
        hits += any(all(word in name for word in each.meant) for name in names)
    return round(hits / len(asked), 3)


async def _load(platform: BenchPlatform, options: Options, paths: list[str]) -> Outcome:
    share = [paths[number :: options.connections] for number in range(options.connections)]
    connections = [[request_bytes("GET", path) for path in mine] for mine in share]
    return await drive(Plan(platform.port("product"), connections, seconds=options.seconds, warm_up=1.0))


def _told(outcome: Outcome) -> Measured:
    return Measured(round(outcome.rate, 1), outcome.spread, outcome.statuses)


async def _references(
    progress: Progress, platform: BenchPlatform, options: Options, asked: list[Asked]
) -> dict[str, Spread]:
    words = [each.text for each in asked[:40]]
    pick = f"\\set n random(1, {len(words)})\n"
    word = "(array[" + ", ".join(f"'{each}'" for each in words) + "])[:n]"
    both = "name || ' ' || name_en || ' ' || description || ' ' || description_en"
    scripts: dict[str, str] = {
        "ilike over names and descriptions": pick
        + f"select id from product.products where {both} ilike '%' || {word} || '%' and status = 'active' limit 20;",
        "ilike, all found": pick
        + f"select count(*) from product.products where {both} ilike '%' || {word} || '%' and status = 'active';",
        "trigram likeness of whole titles": pick
        + f"select id from product.similar_products({word}, 0.41) order by likeness desc limit 20;",
        "one row by an indexed equality": f"\\set n random(1, {options.products})\n"
        "select * from product.products where slug = 'bench-' || :n;",
    }
    told: dict[str, Any] = {}
    for name, script in scripts.items():
        with progress.step(f"measured: {name}"):
            outcome = await pgbench(
                platform, script, clients=options.connections, seconds=max(1, round(options.seconds)), prepared=False
            )
            told[name] = outcome.latency
    return told
