"""The people of the demonstration: an administrator, warehouse keepers, factory owners, buyers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from patungan.contracts import auth
from patungan.kernel.calls import Calls
from patungan.kernel.chance import SystemChance
from patungan.kernel.identity import Caller, Role, Scope, sign_access_token
from patungan.kernel.time import SystemClock
from patungan.operations import seed_data
from patungan.operations.api import Api, Person
from patungan.operations.layout import DataDirectory
from patungan.operations.platform import service_urls
from patungan.operations.secrets import load_or_create
from patungan.operations.seed_data import SeedAddress

ADMIN_SCOPES = (Scope.SUPER_ADMIN, Scope.PRODUCTS, Scope.ORDERS, Scope.FINANCE, Scope.SUPPORT, Scope.WAREHOUSE)


@dataclass(frozen=True, slots=True)
class Account:
    """A demonstration account before it exists; ``secret`` names its password among the installation's secrets."""

    kind: str
    phone: str
    name: str
    role: Role
    secret: str
    scopes: tuple[Scope, ...] = ()


ADMIN = Account("administrator", "+6281200000001", "Ratna Kusumawati", Role.ADMIN, "DEMO_ADMIN_PASSWORD", ADMIN_SCOPES)

BUYER_NAMES = (
    *("Dewi Lestari", "Bagus Prasetyo", "Siti Rahmawati", "Yohanes Manurung", "Ayu Wulandari", "Rizky Ramadhan"),
    *("Maria Simanjuntak", "Made Wirawan", "Putri Maharani", "Andi Saputra", "Fitri Handayani", "Teguh Santoso"),
)


def buyers() -> tuple[Account, ...]:
    """The demonstration's buyers."""
    return tuple(
        Account("buyer", f"+62812000004{place:02d}", name, Role.CUSTOMER, "DEMO_BUYER_PASSWORD")
        for place, name in enumerate(BUYER_NAMES, start=1)
    )


def keepers() -> dict[str, Account]:
    """Who keeps each warehouse, by the warehouse's code."""
    return {
        each.code: Account(
            "warehouse", each.phone, each.manager_name, Role.OFFICE_STAFF, "DEMO_STAFF_PASSWORD", (Scope.WAREHOUSE,)
        )
        for each in seed_data.warehouses()
    }


def owners() -> dict[str, Account]:
    """Who owns each factory, by the factory's key."""
    return {
        each.key: Account(
            "factory owner", each.owner_phone, each.owner_name, Role.FACTORY_OWNER, "DEMO_FACTORY_PASSWORD"
        )
        for each in seed_data.factories()
    }


def accounts() -> list[Account]:
    """Everybody."""
    return [ADMIN, *keepers().values(), *owners().values(), *buyers()]


def addresses() -> list[SeedAddress]:
    """Real places that buyers live at: those of the catalogue's factories."""
    return [each.address for each in seed_data.factories()]


def passwords(environment: Mapping[str, str]) -> dict[str, str]:
    """The installation's secrets, the demonstration's passwords among them."""
    return load_or_create(DataDirectory(Path(environment["PATUNGAN_DATA"])).secrets)


class Registry:
    """Makes sure that accounts exist, and speaks for them. Whoever runs the platform holds the key that signs tokens."""

    def __init__(self, environment: Mapping[str, str], api: Api, secrets: Mapping[str, str]) -> None:
        self._environment = environment
        self._api = api
        self._secrets = secrets

    async def ensure(self, wanted: Iterable[Account]) -> dict[str, Person]:
        """Create the accounts that are missing; answers all of them by telephone number."""
        async with httpx.AsyncClient(trust_env=False) as client:
            calls = Calls(
                "operations",
                SystemClock(),
                SystemChance(),
                self._environment["SERVICE_TOKEN_SECRET"],
                local={},
                urls=service_urls(self._environment),
                client=client,
            )
            found = await asyncio.gather(*(self._ensure(calls, account) for account in wanted))
        return {person.phone: person for person in found}

    async def _ensure(self, calls: Calls, account: Account) -> Person:
        first, _, last = account.name.partition(" ")
        user = await calls.call(
            auth.ensure_user,
            auth.EnsureUser(
                phone=account.phone,
                first_name=first,
                last_name=last,
                password=self._secrets[account.secret],
                # An owner becomes one by registering the factory.
                role=Role.CUSTOMER if account.role is Role.FACTORY_OWNER else account.role,
                scopes=list(account.scopes),
            ),
        )
        caller = Caller(user.user_id, account.role, frozenset(account.scopes))
        token = sign_access_token(self._environment["JWT_SECRET"], caller, datetime.now(UTC))
        return Person(self._api, token, user_id=str(user.user_id), phone=account.phone, name=account.name)
