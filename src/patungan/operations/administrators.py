"""The operator's way to administrators: accounts that no sign-up leads to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

from patungan.contracts import auth
from patungan.kernel.calls import Calls
from patungan.kernel.chance import SystemChance
from patungan.kernel.errors import Problem
from patungan.kernel.identity import Scope
from patungan.kernel.pools import Pools
from patungan.kernel.time import Clock, SystemClock
from patungan.operations.layout import OperationError
from patungan.operations.platform import service_urls

if TYPE_CHECKING:
    from patungan.operations.stack import RunningStack


async def run(
    stack: RunningStack,
    *,
    phone: str,
    name: str,
    password: str,
    scopes: Sequence[Scope],
    json: bool = False,
    clock: Clock | None = None,
) -> int:
    """Make an administrator of the running platform, or leave the one with that number as it is; answers 0.

    Raises OperationError where auth refuses, for instance because the number is a customer's.
    """
    first, _, last = name.strip().partition(" ")
    wanted = auth.EnsureAdmin(phone=phone, first_name=first, last_name=last, password=password, scopes=list(scopes))
    async with aclosing(Pools(trust_env=False)) as pools:
        secret, urls = stack.environment["SERVICE_TOKEN_SECRET"], service_urls(stack.environment)
        calls = Calls(
            *("operations", clock or SystemClock(), SystemChance(), secret), local={}, urls=urls, pools={"auth": pools}
        )
        try:
            made = await calls.call(auth.ensure_admin, wanted)
        except auth.PhoneTaken:
            raise OperationError(f"{phone} belongs to an account that is no administrator's; use another") from None
        except Problem as problem:
            raise OperationError(f"no administrator was made: {problem.title} ({problem.code})") from problem
    if json:
        print(msgspec.json.encode(made).decode())
    elif made.created:
        print(f"{phone} is an administrator: {', '.join(made.scopes) or 'no scopes'}")
    else:
        print(f"an administrator with {phone} exists already and was left as it is")
    return 0
