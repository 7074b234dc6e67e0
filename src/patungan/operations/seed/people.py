"""Makes sure that the demonstration's people have accounts, and speaks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime

from patungan.contracts import auth
from patungan.kernel.calls import Calls
from patungan.kernel.chance import SystemChance
from patungan.kernel.errors import Unavailable
from patungan.kernel.identity import Caller, Role, sign_access_token
from patungan.kernel.pools import Pools
from patungan.kernel.time import SystemClock
from patungan.operations import seed_data
from patungan.operations.api import Api, Person
from patungan.operations.demonstration import Account
from patungan.operations.layout import OperationError
from patungan.operations.platform import service_urls
from patungan.operations.seed_data import SeedAddress

HASHED_AT_ONCE = 4
"""Accounts made at a time: each costs the server a quarter of a second of hashing, which a call does not wait for twice."""
ATTEMPTS = 5


def addresses() -> list[SeedAddress]:
    """Real places that buyers live at: those of the catalogue's factories."""
    return [each.address for each in seed_data.factories()]


class Registry:
    """Makes sure that accounts exist, and speaks for them. Whoever runs the platform holds the key that signs tokens."""

    def __init__(self, environment: Mapping[str, str], api: Api, secrets: Mapping[str, str]) -> None:
        self._environment = environment
        self._api = api
        self._secrets = secrets

    async def ensure(self, wanted: Iterable[Account]) -> dict[str, Person]:
        """Create the accounts that are missing; answers all of them by telephone number."""
        async with aclosing(Pools(trust_env=False)) as pools:
            calls = Calls(
                "operations",
                SystemClock(),
                SystemChance(),
                self._environment["SERVICE_TOKEN_SECRET"],
                local={},
                urls=service_urls(self._environment),
                pools={"auth": pools},
            )
            free = asyncio.Semaphore(HASHED_AT_ONCE)
            found = await asyncio.gather(*(self._ensure(calls, free, account) for account in wanted))
        return {person.phone: person for person in found}

    async def _ensure(self, calls: Calls, free: asyncio.Semaphore, account: Account) -> Person:
        first, _, last = account.name.partition(" ")
        request = auth.EnsureUser(
            phone=account.phone,
            first_name=first,
            last_name=last,
            password=self._secrets[account.secret],
            # An owner becomes one by registering the factory.
            role=Role.CUSTOMER if account.role is Role.FACTORY_OWNER else account.role,
            scopes=list(account.scopes),
        )
        async with free:
            user = await self._ensured(calls, request)
        caller = Caller(user.user_id, account.role, frozenset(account.scopes))
        token = sign_access_token(self._environment["JWT_SECRET"], caller, datetime.now(UTC))
        return Person(self._api, token, user_id=str(user.user_id), phone=account.phone, name=account.name)

    @staticmethod
    async def _ensured(calls: Calls, request: auth.EnsureUser) -> auth.EnsuredUser:
        """Make one account; asked again where the answer is lost, for that makes no second one."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await calls.call(auth.ensure_user, request)
            except Unavailable as error:
                if attempt == ATTEMPTS:
                    raise OperationError(f"auth made no account for {request.phone} ({error})") from error
                await asyncio.sleep(attempt * 0.5)
        raise AssertionError("unreachable: the last attempt answers or raises")
