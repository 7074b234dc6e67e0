"""The large seed, with small numbers: as many rows as asked for, whole books, and lists that show them."""

from __future__ import annotations

import asyncpg
import pytest
from rich.console import Console

from patungan.operations.audit import audit
from patungan.operations.audit.provider import ProviderBooks
from patungan.operations.layout import OperationError
from patungan.operations.progress import Progress
from patungan.operations.seed import large
from tests.house import House

SIZES = large.Sizes(users=300, factories=6, products=40, sessions=8, orders=120, open_sessions=3)


async def test_the_large_seed_in_small(one_house: House) -> None:
    url, key = f"{one_house.sandbox_url}/xendit", one_house.environment["XENDIT_SECRET_KEY"]
    quiet = Progress(Console(quiet=True))
    database_url = one_house.environment["DATABASE_URL"]
    await large.fill(database_url, (url, key), SIZES, quiet)
    report = await audit(database_url, ProviderBooks(url, key))
    assert report.whole, report.broken()
    owner = await one_house.owner()
    try:
        counts = {
            table: await owner.fetchval(f"select count(*) from {table}")
            for table in ('"order".orders', "payment.payments", "payment.receipts", "wallet.wallets", "auth.users")
        }
        received = await owner.fetchval("select ledger.balance_of('gateway_clearing')")
        paid = await owner.fetchval("select sum(total) from payment.payments")
        loose = await _loose_ends(owner)
        left = await owner.fetchval("select count(*) from pg_namespace where nspname = 'seed_large'")
    finally:
        await owner.close()
    assert counts == {
        '"order".orders': 120,
        "payment.payments": 150,
        "payment.receipts": 150,
        "wallet.wallets": 300,
        "auth.users": 301,
    }
    assert received == paid
    assert (loose, left) == ([], 0)
    admin = await one_house.admin()
    assert (await admin.get("order", "/api/orders/all"))["total"] == 120
    products = await admin.get("product", "/api/products", limit=5)
    assert len(products["items"]) == 5
    assert (await admin.get("product", "/api/products", q=products["items"][0]["name"]))["items"]
    open_now = await admin.get("group-buying", "/api/group-buying", open=True)
    assert open_now["total"] == 3
    with pytest.raises(OperationError, match="already"):
        await large.fill(database_url, None, SIZES, quiet)


async def _loose_ends(owner: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    """Foreign keys that rows do not keep: the seed writes without the triggers that would have looked."""
    keys = await owner.fetch(
        """
        select conrelid::regclass::text as child, confrelid::regclass::text as parent,
            (select string_agg(format('c.%I = p.%I', a.attname, b.attname), ' and ') from unnest(k.conkey, k.confkey) u(x, y)
             join pg_attribute a on a.attrelid = conrelid and a.attnum = x
             join pg_attribute b on b.attrelid = confrelid and b.attnum = y) as match,
            (select string_agg(format('c.%I is not null', a.attname), ' and ') from unnest(k.conkey) u(x)
             join pg_attribute a on a.attrelid = conrelid and a.attnum = x) as given
        from pg_constraint k join pg_namespace n on n.oid = k.connamespace
        where contype = 'f' and n.nspname <> 'dbos'
        """
    )
    loose = []
    for key in keys:
        found = await owner.fetchval(
            f"select count(*) from {key['child']} c where {key['given']}"
            f" and not exists (select 1 from {key['parent']} p where {key['match']})"
        )
        if found:
            loose.append(f"{key['child']} -> {key['parent']}: {found}")
    return loose
