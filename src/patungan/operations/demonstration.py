"""The people of the demonstration: an administrator, warehouse keepers, factory owners, buyers; and their passwords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from patungan.kernel.identity import Role, Scope
from patungan.operations import seed_data
from patungan.operations.layout import DataDirectory
from patungan.operations.secrets import load_or_create

if TYPE_CHECKING:
    from patungan.operations.stack import RunningStack

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
    *("Maria Simanjuntak", "Made Wirawan"),
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


def passwords(environment: Mapping[str, str]) -> dict[str, str]:
    """The installation's secrets, the demonstration's passwords among them."""
    return load_or_create(DataDirectory(Path(environment["PATUNGAN_DATA"])).secrets)


def show_accounts(stack: RunningStack, console: Console) -> None:
    """Print one account of each kind with its password; all of a kind have the same. Nothing where providers are real."""
    if not stack.sandbox_url:
        return
    secrets = passwords(stack.environment)
    shown = (ADMIN, next(iter(keepers().values())), next(iter(owners().values())), buyers()[0])
    console.print("\nDemonstration accounts (telephone, password):")
    for each in shown:
        console.print(f"  {each.kind:<15} {each.phone}  {escape(secrets[each.secret])}  [dim]{escape(each.name)}[/]")
