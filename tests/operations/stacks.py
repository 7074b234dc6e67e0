"""A house as the commands see a running platform."""

from __future__ import annotations

from pathlib import Path

from patungan.operations.stack import RunningStack
from tests.house import House


def stack_of(house: House, data: Path) -> RunningStack:
    """The house without a gateway, its generated secrets in a folder of the test."""
    data.mkdir(parents=True, exist_ok=True)
    environment = {**house.environment, "PATUNGAN_DATA": str(data), "SANDBOX_URL": house.sandbox_url}
    return RunningStack(
        database_url=house.environment["DATABASE_URL"],
        role_secret=house.environment["DATABASE_ROLE_SECRET"],
        redis_url=house.environment["REDIS_URL"],
        gateway_url="",
        sandbox_url=house.sandbox_url,
        environment=environment,
        split=False,
    )
