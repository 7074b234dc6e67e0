"""Fills a platform with its demonstration: catalogue, people and sessions, through the API, so that no rule is bypassed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from patungan.operations import seed_data
from patungan.operations.api import Api, Sandbox
from patungan.operations.layout import OperationError
from patungan.operations.progress import Progress
from patungan.operations.seed import catalogue, people
from patungan.operations.seed.sessions import Crowd, open_sessions

if TYPE_CHECKING:
    from patungan.operations.stack import RunningStack

CONCURRENCY = 8


async def seed(stack: RunningStack, progress: Progress) -> None:
    """Make what is missing of the demonstration; a second run changes nothing.

    Raises OperationError where real providers are configured, for invented people have no place beside real money.
    """
    if not stack.sandbox_url:
        raise OperationError("demonstration data has no place on a platform with real providers")
    secrets = people.passwords(stack.environment)
    async with Api(stack.environment, concurrency=CONCURRENCY) as api:
        with progress.step("people"):
            known = await people.Registry(stack.environment, api, secrets).ensure(people.accounts())
        admin = known[people.ADMIN.phone]
        owners = {key: known[account.phone] for key, account in people.owners().items()}
        keepers = {code: known[account.phone] for code, account in people.keepers().items()}
        with progress.step(f"{len(seed_data.categories())} categories, {len(seed_data.factories())} factories"):
            slugs, depots = await catalogue.categories(admin), await catalogue.warehouses(admin)
            factories = await catalogue.factories(stack.environment, admin, owners, depots)
        label = f"{len(seed_data.products())} products with pictures, stock and bundles"
        with progress.step(label):
            shelves = catalogue.Shelves(
                owners, keepers, (slugs, depots, factories), lambda text: progress.detail(label, text)
            )
            products = await shelves.fill()
        with progress.step(f"{len(seed_data.sessions())} sessions"):
            sessions = await open_sessions(owners, products, depots)
        label = "buyers who join and pay"
        with progress.step(label):
            buyers = [known[account.phone] for account in people.buyers()]
            crowd = Crowd(buyers, Sandbox(stack.sandbox_url, api.client), lambda text: progress.detail(label, text))
            await crowd.settle_in()
            await crowd.fill(sessions)


def account_lines(stack: RunningStack) -> list[str]:
    """The demonstration's accounts and their passwords, as lines for people; none where real providers are used."""
    if not stack.sandbox_url:
        return []
    secrets = people.passwords(stack.environment)
    shown: Sequence[people.Account] = (
        people.ADMIN,
        next(iter(people.keepers().values())),
        next(iter(people.owners().values())),
        people.buyers()[0],
    )
    return [f"{each.kind:<15} {each.phone}  {secrets[each.secret]}  ({each.name})" for each in shown]


async def run(stack: RunningStack) -> int:
    """Seed a running platform, then say who can sign in; answers 0."""
    progress = Progress()
    await seed(stack, progress)
    show_accounts(stack, progress.console)
    return 0


def show_accounts(stack: RunningStack, console: Console) -> None:
    """Print the demonstration's accounts; other factory owners and buyers have the password of their kind."""
    lines = account_lines(stack)
    if lines:
        console.print("\nDemonstration accounts (telephone, password):")
        for line in lines:
            console.print(f"  {escape(line)}", soft_wrap=True)
