"""How often the forms of accounts may be sent from one address."""

from __future__ import annotations

from litestar.middleware.rate_limit import RateLimitConfig
from litestar.stores.memory import MemoryStore

from patungan.web.site import AnyRequest

TRIES_A_MINUTE = 20
STORE = "rate_limit"


def _address_of(request: AnyRequest) -> str:
    """Who is counted: the browser's address as the gateway saw it."""
    return request.headers.get("X-Real-IP") or (request.client.host if request.client else "unknown")


async def forget_old_tries(request: AnyRequest) -> None:
    """Drop the counts that no longer matter; the store keeps what expired until it is told."""
    store = request.app.stores.get(STORE)
    if isinstance(store, MemoryStore):
        await store.delete_expired()


# The gateway's limit holds for /api alone, and these forms reach auth past the gateway.
limited = RateLimitConfig(
    rate_limit=("minute", TRIES_A_MINUTE),
    identifier_for_request=_address_of,
    set_rate_limit_headers=False,
    store=STORE,
).middleware
