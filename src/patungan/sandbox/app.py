"""Puts the sandbox together: its books, its providers, its pages, and the work that goes on in the background."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import structlog
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.static_files import create_static_files_router

from patungan.sandbox import callbacks, faults, messages, sms
from patungan.sandbox.callbacks import Outbox, Signer
from patungan.sandbox.clock import Clock, utc_now
from patungan.sandbox.context import Sandbox, repeat
from patungan.sandbox.control import control_router, health
from patungan.sandbox.couriers import movement, pushes, shipments
from patungan.sandbox.couriers.biteship import webhooks
from patungan.sandbox.couriers.biteship.routes import biteship_router
from patungan.sandbox.couriers.jne import jne_router
from patungan.sandbox.couriers.jnt import jnt_router
from patungan.sandbox.couriers.sicepat import sicepat_router
from patungan.sandbox.faults import FaultDesk, FaultMiddleware
from patungan.sandbox.maps.routes import maps_router
from patungan.sandbox.pages.payment import payment_router
from patungan.sandbox.pages.rendering import FOLDER, template_config
from patungan.sandbox.pages.views import pages_router
from patungan.sandbox.settings import SandboxSettings
from patungan.sandbox.store import Store
from patungan.sandbox.whatsapp import cloud, templates
from patungan.sandbox.whatsapp.routes import whatsapp_router
from patungan.sandbox.xendit import books, idempotency, invoices, payouts, refunds, transactions
from patungan.sandbox.xendit.callbacks import sign as sign_xendit
from patungan.sandbox.xendit.lifecycle import progress as progress_xendit
from patungan.sandbox.xendit.routes import xendit_routers

SCHEMAS = (
    *(faults.SCHEMA, callbacks.SCHEMA),
    shipments.SCHEMA,
    *(messages.SCHEMA, templates.SCHEMA, cloud.SCHEMA),
    *(books.SCHEMA, transactions.SCHEMA, idempotency.SCHEMA, invoices.SCHEMA, refunds.SCHEMA, payouts.SCHEMA),
)
SIGNERS: dict[str, Signer] = {
    "xendit": sign_xendit,
    "whatsapp": cloud.sign,
    "sms": sms.sign_twilio,
    "biteship": webhooks.sign,
    **dict.fromkeys(("jne", "jnt", "sicepat"), pushes.sign),
}
PROGRESS = (progress_xendit, cloud.progress, sms.progress, movement.progress)


log = structlog.get_logger("patungan.sandbox")


def report_bug(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, str]]:
    """An error that no provider would make: the sandbox's own."""
    log.error("sandbox.bug", method=request.method, path=request.url.path, exc_info=error)
    return Response({"error": "The sandbox has a bug; its log tells more."}, status_code=500)


def create_sandbox(settings: SandboxSettings, *, clock: Clock = utc_now) -> Litestar:
    """The sandbox as an ASGI application; its background work runs from start-up to shutdown.

    A test may give its own clock: everything that is due by it happens within a tenth of a second.
    """
    store = Store(settings.data)
    store.create(*SCHEMAS)
    desk = FaultDesk(store)
    outbox = Outbox(settings, clock, store, desk, SIGNERS)
    sandbox = Sandbox(settings, clock, store, desk, outbox)
    books.open_account(sandbox)

    @asynccontextmanager
    async def background(_: Litestar) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(outbox.run())]
        tasks += [asyncio.create_task(repeat(partial(step, sandbox))) for step in PROGRESS]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            store.close()

    return Litestar(
        route_handlers=[
            *(health, control_router()),
            *xendit_routers(settings.xendit_rate_limit),
            *(whatsapp_router(), sms.sms_router()),
            *(biteship_router(), jne_router(), jnt_router(), sicepat_router(), maps_router()),
            *(pages_router(), payment_router(), create_static_files_router("/_static", [FOLDER / "static"])),
        ],
        template_config=template_config(),
        dependencies={"sandbox": Provide(lambda: sandbox, sync_to_thread=False)},
        middleware=[FaultMiddleware(desk)],
        lifespan=[background],
        state=State({"sandbox": sandbox}),
        exception_handlers={500: report_bug},
        openapi_config=None,
        logging_config=None,
    )
