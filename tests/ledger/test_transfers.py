"""Transfers by the batch keep every promise of the books."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest

from patungan.kernel.chance import SeededChance, SystemChance
from patungan.kernel.database import Database, service_url
from patungan.ledger import accounts
from patungan.ledger.posting import balance_of
from tests.house import Servers

CHANCE = SystemChance()
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)

Transfer = tuple[str, str, str, int | None]
"""Key, debited account, credited account, rupiah."""


@pytest.fixture(scope="module")
async def books(servers: Servers, template: str) -> AsyncIterator[dict[str, Database]]:
    await servers.create_database("t_transfers", template)
    url = servers.url("t_transfers")
    opened = {
        name: Database(service_url(url, servers.role_secret, name), name) for name in ("payment", "wallet", "order")
    }
    opened["owner"] = Database(url, "ledger")
    for database in opened.values():
        await database.open()
    yield opened
    for database in opened.values():
        await database.close()
    await servers.drop_database("t_transfers")


async def _post(on: Database, transfers: Sequence[Transfer]) -> int:
    row = await on.fetchrow(
        "select ledger.post_transfers($1, $2, 'refund_issued', $3, $4, $5, $6, $7)",
        [CHANCE.new_id() for _ in transfers],
        [key for key, *_ in transfers],
        [f"test/{key}" for key, *_ in transfers],
        NOW,
        [debited for _, debited, _, _ in transfers],
        [credited for _, _, credited, _ in transfers],
        [amount for *_, amount in transfers],
    )
    return int(row[0])


def _cashback(session: UUID, user: UUID, amount: int | None) -> Transfer:
    return f"key/{uuid4()}", accounts.cashback_payable(session), accounts.wallet(user), amount


async def test_a_batch_is_posted_once_and_moves_every_balance(books: dict[str, Database]) -> None:
    session, sari, budi = uuid4(), uuid4(), uuid4()
    batch = [_cashback(session, sari, 700), _cashback(session, budi, 50), _cashback(session, sari, 5)]
    assert await _post(books["wallet"], batch) == 3
    assert await _post(books["wallet"], batch) == 0
    more = [*batch, _cashback(session, sari, 1), _cashback(session, uuid4(), 2)]
    assert await _post(books["wallet"], more) == 2
    assert await balance_of(books["wallet"], accounts.wallet(sari)) == 706
    assert await balance_of(books["wallet"], accounts.wallet(budi)) == 50
    assert await balance_of(books["wallet"], accounts.cashback_payable(session)) == -758
    assert await _post(books["wallet"], []) == 0


async def test_the_digest_is_that_of_a_single_posting(books: dict[str, Database]) -> None:
    transfer = _cashback(uuid4(), uuid4(), 9)
    await _post(books["wallet"], [transfer])
    key, debited, credited, amount = transfer
    same = await books["owner"].fetchrow(
        "select digest = digest_of($1, 'refund_issued', 'test/' || $1, $2, $3) from transactions where idempotency_key = $1",
        key,
        NOW,
        f"{debited}:{amount},{credited}:{-int(amount or 0)}",
    )
    assert same[0] is True


async def test_a_key_with_other_content_is_refused_whole(books: dict[str, Database]) -> None:
    session, sari = uuid4(), uuid4()
    first = _cashback(session, sari, 100)
    await _post(books["wallet"], [first])
    for other in ((*first[:3], 101), (first[0], first[1], accounts.wallet(uuid4()), 100)):
        with pytest.raises(asyncpg.UniqueViolationError, match="other content"):
            await _post(books["wallet"], [_cashback(session, sari, 7), other])
    assert await balance_of(books["wallet"], accounts.wallet(sari)) == 100


@pytest.mark.parametrize("amount", [0, -5, None])
async def test_an_amount_is_one_rupiah_or_more(books: dict[str, Database], amount: int | None) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="one rupiah"):
        await _post(books["wallet"], [_cashback(uuid4(), uuid4(), amount)])


async def test_a_wallet_never_falls_below_zero(books: dict[str, Database]) -> None:
    sari = uuid4()
    spend = (f"key/{uuid4()}", accounts.wallet(sari), accounts.GOODWILL, 10)
    with pytest.raises(asyncpg.CheckViolationError):
        await _post(books["wallet"], [spend])
    await _post(books["wallet"], [_cashback(uuid4(), sari, 15)])
    assert await _post(books["wallet"], [spend]) == 1
    with pytest.raises(asyncpg.CheckViolationError):
        await _post(books["wallet"], [(f"key/{uuid4()}", accounts.wallet(sari), accounts.GOODWILL, 6)])
    assert await balance_of(books["wallet"], accounts.wallet(sari)) == 5


async def test_each_service_moves_its_own_kinds_of_account(books: dict[str, Database]) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="may not post to wallet"):
        await _post(books["payment"], [_cashback(uuid4(), uuid4(), 1)])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _post(books["order"], [_cashback(uuid4(), uuid4(), 1)])


async def _derived(on: Database, secret: bytes) -> list[tuple[UUID, str]]:
    rows = await on.fetch(
        """
        select platform.derived_id($1, 'order', subject, $2, place), platform.derived_code($1, subject, 7)
        from (select md5(n::text)::uuid as subject, n as place from generate_series(1, 3000) n) given order by place
        """,
        secret,
        NOW,
    )
    return [(row[0], row[1]) for row in rows]


async def test_derived_identifiers_and_codes(books: dict[str, Database]) -> None:
    """They replay from a seed, differ from row to row and from secret to secret, stay in order, and know no forbidden letter."""
    first = await _derived(books["order"], SeededChance(7).secret())
    assert first == await _derived(books["payment"], SeededChance(7).secret())
    other = await _derived(books["order"], SeededChance(8).secret())
    ids, codes = [each for each, _ in first], [code for _, code in first]
    assert ids == sorted(ids)
    assert len({*ids, *(each for each, _ in other)}) == 6000
    assert len({*codes, *(code for _, code in other)}) == 6000
    assert {each.version for each in ids} == {7}
    assert {each.variant for each in ids} == {"specified in RFC 4122"}
    assert ids[0].int >> 80 == int(NOW.timestamp() * 1000)
    letters = [sum(code[place] == letter for code in codes) for place in range(7) for letter in "2Z"]
    assert min(letters) > 50
    assert max(letters) < 160
    assert not set("".join(codes)) - set("23456789ABCDEFGHJKMNPQRSTVWXYZ")


async def _split(on: Database, key: str, session: UUID, shares: Sequence[tuple[UUID, int | None]]) -> int:
    row = await on.fetchrow(
        "select ledger.post_split($1, $2, 'refund_issued', $3, $4, $5, $6, $7)",
        CHANCE.new_id(),
        key,
        f"session/{session}",
        NOW,
        accounts.cashback_payable(session),
        [accounts.wallet(user) for user, _ in shares],
        [amount for _, amount in shares],
    )
    return int(row[0])


async def test_an_amount_divided_among_wallets_is_posted_once(books: dict[str, Database]) -> None:
    session, sari, budi, key = uuid4(), uuid4(), uuid4(), f"key/{uuid4()}"
    shares = [(sari, 700), (budi, 50), (sari, 5)]
    assert await _split(books["wallet"], key, session, shares) == 1
    assert await _split(books["wallet"], key, session, shares) == 0
    with pytest.raises(asyncpg.UniqueViolationError, match="other content"):
        await _split(books["wallet"], key, session, shares[:2])
    assert await _split(books["wallet"], f"key/{uuid4()}", session, [(sari, 1), (uuid4(), 2)]) == 1
    assert await _split(books["wallet"], f"key/{uuid4()}", session, []) == 0
    assert await balance_of(books["wallet"], accounts.wallet(sari)) == 706
    assert await balance_of(books["wallet"], accounts.wallet(budi)) == 50
    assert await balance_of(books["wallet"], accounts.cashback_payable(session)) == -758
    with pytest.raises(asyncpg.CheckViolationError, match="one rupiah"):
        await _split(books["wallet"], f"key/{uuid4()}", session, [(sari, 4), (budi, 0)])
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="may not post to wallet"):
        await _split(books["payment"], f"key/{uuid4()}", session, shares)


async def test_nothing_is_posted_into_a_closed_month(books: dict[str, Database]) -> None:
    owner, sari = books["owner"], uuid4()
    await owner.execute(
        "insert into periods (month, state, closed_at, closed_by) values ('2020-01-01', 'closed', $1, $2)", NOW, uuid4()
    )
    for function, key in (("post_transfers", "array[$2]"), ("post_split", "$2")):
        many = function == "post_transfers"
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match="closed"):
            await books["wallet"].fetchrow(
                f"select ledger.{function}({'array[$1::uuid]' if many else '$1::uuid'}, {key}, 'x',"
                f" {'array[$2]' if many else '$2'}, '2020-01-15T00:00Z',"
                f" {'array[$3]' if many else '$3'}, array[$4], array[5::bigint])",
                uuid4(),
                f"key/{uuid4()}",
                accounts.cashback_payable(uuid4()),
                accounts.wallet(sari),
            )
