"""Writes whose own code takes no idempotency key: the kernel remembers their answers (docs/decisions/0105)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response

from patungan.kernel.claims import Claim, current_claim, find_claim, take_over
from patungan.kernel.errors import IdempotencyAnswerLost, IdempotencyKeyReused, Unavailable
from patungan.kernel.idempotency import claim_key, input_hash, require_idempotency_key
from patungan.kernel.openapi import body_type

if TYPE_CHECKING:
    from patungan.kernel.service import Context

LEASE = timedelta(minutes=2)
"""A claim without an answer is somebody's who died after this long; no request takes it."""
PATIENCE = 200
"""How often a second request looks for the answer of the first before it is told to come back."""
PAUSE_SECONDS = 0.05

STATE = "claim"
"""Where a request's claim is found in its state."""


async def remember(request: Request[Any, Any, Any]) -> Response[bytes] | None:
    """Claim the request's key before its handler; answers what was answered to the same request before.

    Raises IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyAnswerLost, and Unavailable while the first request lasts.
    """
    ctx: Context = request.app.state.ctx
    key = require_idempotency_key(request.headers.get("Idempotency-Key"))
    digest = input_hash([request.url.path, sorted(request.query_params.multi_items()), await _body(request)])
    place = (request.scope["state"]["caller"].user_id, f"{request.method} {request.scope['path_template']}", key)
    for _attempt in range(PATIENCE):
        now = ctx.clock.now()
        if await claim_key(ctx.db, *place, digest, now):
            _begin(request, Claim(ctx.db, *place, now))
            return None
        known = await find_claim(ctx.db, *place)
        if known is None:
            continue
        if known.input_hash != digest:
            raise IdempotencyKeyReused(field="Idempotency-Key")
        if known.status is not None:
            return Response(
                (known.body or "").encode(), status_code=known.status, media_type=known.media_type or "application/json"
            )
        if known.created_at < now - LEASE:
            if known.is_marked:
                raise IdempotencyAnswerLost(field="Idempotency-Key")
            if await take_over(ctx.db, *place, known.created_at, now):
                _begin(request, Claim(ctx.db, *place, now))
                return None
        await asyncio.sleep(PAUSE_SECONDS)
    raise Unavailable("The first request with this idempotency key is still under way")


def _begin(request: Request[Any, Any, Any], claim: Claim) -> None:
    request.scope["state"][STATE] = claim
    current_claim.set(claim)


async def _body(request: Request[Any, Any, Any]) -> Any:
    """What was sent: JSON by its value, whatever its spaces and the order of its fields."""
    content = await request.body()
    if body_type(request.route_handler.fn) is None:
        return content
    try:
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return content
