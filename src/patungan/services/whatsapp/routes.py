"""The public API of whatsapp: WhatsApp's callbacks, and what administrators see of messages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.params import FromPath, FromQuery, QueryParameter

from patungan.kernel.errors import Forbidden, InvalidInput
from patungan.kernel.http import Ctx, IdempotencyKey, PageLimit, PageNumber, SignedIn, get, post
from patungan.kernel.identity import Audience
from patungan.kernel.phones import normalise_phone
from patungan.providers.breaker import Circuit
from patungan.providers.errors import UnreadableCallback
from patungan.providers.whatsapp import InboundKind, answer_challenge, parse_inbound, parse_statuses, verify_signature
from patungan.services.whatsapp import inbound, inbound_queries, operations, queries
from patungan.services.whatsapp.delivery import gateway_of
from patungan.services.whatsapp.inbound_queries import Inbound
from patungan.services.whatsapp.queries import Listed
from patungan.services.whatsapp.rules import InboundOutcome, Status, masked
from patungan.services.whatsapp.templates import TEMPLATES, Language

TemplateName = Annotated[str | None, QueryParameter(max_length=100)]

RECENTLY = timedelta(hours=24)


class MessageItem(msgspec.Struct, frozen=True):
    """A message as an administrator sees it; ``text`` is None where the template carries a secret."""

    id: UUID
    phone: str
    template: str
    language: str
    text: str | None
    status: Status
    failure: str | None
    error_code: str | None
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None


class Messages(msgspec.Struct, frozen=True):
    items: list[MessageItem]
    page: int
    limit: int
    total: int


class InboundItem(msgspec.Struct, frozen=True):
    """What somebody wrote to us; ``message_id`` is the message that it answers."""

    id: UUID
    phone: str
    kind: InboundKind
    text: str
    outcome: InboundOutcome
    message_id: UUID | None
    sent_at: datetime
    received_at: datetime
    handled_by: UUID | None
    handled_at: datetime | None


class InboundMessages(msgspec.Struct, frozen=True):
    items: list[InboundItem]
    page: int
    limit: int
    total: int


class Standing(msgspec.Struct, frozen=True):
    """How sending fares; ``circuit`` is this process's, ``failed`` counts the last 24 hours."""

    configured: bool
    circuit: Circuit
    queued: int
    oldest_queued_at: datetime | None
    failed: int


class TemplateItem(msgspec.Struct, frozen=True):
    """A template as it has to be registered with WhatsApp."""

    name: str
    language: Language
    category: str
    text: str
    parameters: tuple[str, ...]
    buttons: tuple[str, ...]


class Templates(msgspec.Struct, frozen=True):
    items: list[TemplateItem]


class Taken(msgspec.Struct, frozen=True):
    """How much of a callback was about messages of ours, or was written to us and new."""

    known: int


@get("/api/whatsapp/webhook", audience=Audience.PROVIDER, media_type="text/plain")
async def confirm_webhook(ctx: Ctx, request: Request[Any, Any, Any]) -> str:
    """Meta asks whether this address is ours before it sends callbacks to it."""
    challenge = answer_challenge(dict(request.query_params.items()), ctx.settings.whatsapp_verify_token)
    if challenge is None:
        raise Forbidden("The verify token is not ours")
    return challenge


@post("/api/whatsapp/webhook", audience=Audience.PROVIDER)
async def take_webhook(ctx: Ctx, request: Request[Any, Any, Any]) -> Taken:
    """News of sent messages, signed with the app's secret over the bytes as they arrived."""
    body = await request.body()
    if not verify_signature(ctx.settings.whatsapp_app_secret, body, request.headers.get("X-Hub-Signature-256")):
        raise Forbidden("The signature is not WhatsApp's")
    try:
        news, written = parse_statuses(body), parse_inbound(body)
    except UnreadableCallback as error:
        raise InvalidInput(str(error)) from None
    known = await operations.take_news(ctx, news) if news else 0
    return Taken(known + (await inbound.take_inbound(ctx, written) if written else 0))


@get("/api/whatsapp/messages", audience=Audience.ADMIN)
async def list_messages(
    ctx: Ctx,
    status: FromQuery[Status | None] = None,
    template: TemplateName = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> Messages:
    total = await queries.count_messages(ctx.db, status, template)
    rows = await queries.find_messages(ctx.db, status, template, limit, (page - 1) * limit)
    return Messages([_item(row) for row in rows], page, limit, total)


def _item(row: Listed) -> MessageItem:
    known = TEMPLATES.get(row.template)
    text = None
    if known is not None and len(row.parameters) == len(known.parameters):
        text = known.filled("en" if row.language == "en" else "id", row.parameters)
    shown = {name: getattr(row, name) for name in MessageItem.__struct_fields__ if name not in ("phone", "text")}
    return MessageItem(phone=masked(row.phone), text=text, **shown)


@get("/api/whatsapp/status", audience=Audience.ADMIN)
async def status(ctx: Ctx) -> Standing:
    standing = gateway_of(ctx).standing()
    backlog = await queries.count_backlog(ctx.db, ctx.clock.now() - RECENTLY)
    return Standing(standing.configured, standing.circuit, backlog.queued, backlog.oldest_queued_at, backlog.failed)


@get("/api/whatsapp/templates", audience=Audience.ADMIN)
async def list_templates() -> Templates:
    """What has to be registered with WhatsApp, word for word."""
    return Templates(
        [
            TemplateItem(each.name, language, each.category, text, each.parameters, each.buttons.get(language, ()))
            for each in TEMPLATES.values()
            if not each.free_text
            for language, text in each.texts.items()
        ]
    )


@post("/api/whatsapp/messages/{message_id:uuid}/resend", audience=Audience.ADMIN, status=202)
async def resend_message(
    ctx: Ctx, caller: SignedIn, message_id: FromPath[UUID], idempotency_key: IdempotencyKey
) -> None:
    """Queue a failed message once more."""
    await operations.resend(ctx, caller, message_id, idempotency_key)


@get("/api/whatsapp/inbound-messages", audience=Audience.ADMIN)
async def list_inbound_messages(
    ctx: Ctx,
    outcome: FromQuery[InboundOutcome | None] = None,
    handled: FromQuery[bool | None] = None,
    phone: Annotated[str | None, QueryParameter(max_length=20)] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> InboundMessages:
    """What people wrote to us, newest first, for support to read and answer."""
    wanted = (outcome, handled, None if phone is None else normalise_phone(phone) or phone)
    total = await inbound_queries.count_inbound(ctx.db, *wanted)
    rows = await inbound_queries.list_inbound(ctx.db, *wanted, limit, (page - 1) * limit)
    return InboundMessages([_inbound_item(row) for row in rows], page, limit, total)


@post("/api/whatsapp/inbound-messages/{inbound_id:uuid}/handled", audience=Audience.ADMIN)
async def handle_inbound_message(ctx: Ctx, caller: SignedIn, inbound_id: FromPath[UUID]) -> InboundItem:
    return _inbound_item(await inbound.mark_handled(ctx, caller, inbound_id))


def _inbound_item(row: Inbound) -> InboundItem:
    shown = {name: getattr(row, name) for name in InboundItem.__struct_fields__ if name != "phone"}
    return InboundItem(phone=masked(row.phone), **shown)


routes = [
    confirm_webhook,
    take_webhook,
    list_messages,
    resend_message,
    list_inbound_messages,
    handle_inbound_message,
    status,
    list_templates,
]
