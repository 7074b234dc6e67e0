"""Withdrawals as metrics: each process looks every half minute, so that whichever is asked can tell."""

from __future__ import annotations

import asyncio
import contextlib

from prometheus_client import Gauge

from patungan.kernel.errors import Unavailable
from patungan.kernel.service import Context
from patungan.services.wallet.operations import reports
from patungan.services.wallet.rules import Alert

EVERY_SECONDS = 30.0


class Meters:
    """The gauges of one process."""

    def __init__(self, ctx: Context) -> None:
        registry = ctx.metrics
        self._open = Gauge("withdrawals_open", "Withdrawals not ended", ["status"], registry=registry)
        self._ended = Gauge("withdrawals_ended_7d", "Withdrawals of the last 7 days", ["status"], registry=registry)
        self._seconds = Gauge(
            "withdrawal_seconds_7d", "Mean time from request to completion, last 7 days", registry=registry
        )
        self._batch_age = Gauge(
            "withdrawal_batch_age_seconds", "Since the last batch, or since what waits for one", registry=registry
        )
        self._unexplained = Gauge(
            "disbursement_webhooks_unexplained_7d", "Callbacks that fit no withdrawal, last 7 days", registry=registry
        )
        self._alerts = Gauge("withdrawal_alert", "1 where finance must look", ["alert"], registry=registry)

    async def read(self, ctx: Context) -> None:
        """Look once."""
        seen, alerts = await reports.watch(ctx)
        self._open.labels("pending").set(seen.pending)
        self._open.labels("processing").set(seen.processing)
        self._ended.labels("completed").set(seen.completed)
        self._ended.labels("failed").set(seen.failed)
        self._seconds.set(seen.mean_seconds)
        since = seen.waiting_since
        self._batch_age.set(0 if since is None else (ctx.clock.now() - since).total_seconds())
        self._unexplained.set(seen.unexplained)
        for alert in Alert:
            self._alerts.labels(alert.value).set(alert in alerts)


async def _watch(ctx: Context, meters: Meters) -> None:
    while True:
        try:
            await meters.read(ctx)
        except Unavailable as error:
            ctx.log.warning("withdrawals cannot be watched", code=error.code)
        await asyncio.sleep(EVERY_SECONDS)


def start_watching(ctx: Context) -> None:
    """Begin to look, for as long as the process lives."""
    ctx.local["watching"] = asyncio.create_task(_watch(ctx, Meters(ctx)))


async def stop_watching(ctx: Context) -> None:
    """End it."""
    task: asyncio.Task[None] = ctx.local["watching"]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
