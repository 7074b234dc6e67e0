"""Fills a platform with its demonstration: catalogue, people and sessions, through the API, so that no rule is bypassed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from patungan.operations import demonstration, seed_data
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
    if not stack.sandbox_url or stack.environment.get("PATUNGAN_ENVIRONMENT") == "production":
        raise OperationError("demonstration data has no place in production, nor beside real providers")
    secrets = demonstration.passwords(stack.environment)
    async with Api(stack.environment, concurrency=CONCURRENCY) as api:
        with progress.step("people"):
            known = await people.Registry(stack.environment, api, secrets).ensure(demonstration.accounts())
        admin = known[demonstration.ADMIN.phone]
        owners = {key: known[account.phone] for key, account in demonstration.owners().items()}
        keepers = {code: known[account.phone] for code, account in demonstration.keepers().items()}
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
            buyers = [known[account.phone] for account in demonstration.buyers()]
            crowd = Crowd(buyers, Sandbox(stack.sandbox_url, api.client), lambda text: progress.detail(label, text))
            await crowd.settle_in()
            await crowd.fill(sessions)


async def run(stack: RunningStack, *, size: str = "demonstration") -> int:
    """Seed a running platform, then say who can sign in; answers 0."""
    progress = Progress()
    await seed(stack, progress)
    if size == "large":
        # Imported here: what it needs of the services is needed for nothing else.
        from patungan.operations.seed import large

        began = time.monotonic()
        xendit = (f"{stack.sandbox_url}/xendit", stack.environment["XENDIT_SECRET_KEY"])
        await large.fill(stack.database_url, xendit, large.Sizes(), progress)
        progress.console.print(f"The large seed took {large.minutes_since(began)}.")
    demonstration.show_accounts(stack, progress.console)
    return 0
