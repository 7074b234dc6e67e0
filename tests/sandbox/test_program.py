"""The sandbox as a program: told by its environment, killed without warning, started again on the same books."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from patungan.sandbox import SandboxSettings
from patungan.sandbox.serving import free_port

from .conftest import SECRET_KEY, Receiver, until


@asynccontextmanager
async def program(port: int, data: Path, callback_url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = os.environ | {
        "PYTHONPATH": "src",
        "SANDBOX_PORT": str(port),
        "SANDBOX_DATA": str(data),
        "XENDIT_SECRET_KEY": SECRET_KEY,
        "PAYMENT_CALLBACK_URL": callback_url,
        "SANDBOX_RETRY_SCALE": "0.0001",
    }
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "patungan.sandbox"),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


async def answers(client: httpx.AsyncClient) -> None:
    async def healthy() -> bool:
        try:
            return bool((await client.get("/health")).json() == {"status": "ok", "service": "sandbox"})
        except httpx.TransportError:
            return False

    await until(healthy, timeout=15.0)


async def test_killed_it_forgets_neither_payment_nor_callback(receiver: Receiver, tmp_path: Path) -> None:
    port = free_port("127.0.0.1")
    receiver.answers = [503]
    url = f"{receiver.url}/payment"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", auth=(SECRET_KEY, ""), trust_env=False) as client:
        async with program(port, tmp_path, url) as first:
            await answers(client)
            created = await client.post("/xendit/v2/invoices", json={"external_id": "PAY-1", "amount": 50_000})
            invoice_id = created.json()["id"]
            await client.post(f"/xendit/_sandbox/invoices/{invoice_id}/pay")
            first.send_signal(signal.SIGKILL)
            await first.wait()
        async with program(port, tmp_path, url) as second:
            await answers(client)
            assert (await client.get(f"/xendit/v2/invoices/{invoice_id}")).json()["status"] == "PAID"
            books = (await client.get("/xendit/_sandbox/books")).json()
            assert [row["effect"] for row in books["movements"]] == [50_000, -4_000]

            async def delivered() -> bool:
                listed = await client.get("/_sandbox/callbacks", params={"object_id": invoice_id})
                return [each["state"] for each in listed.json()["callbacks"]] == ["delivered"]

            await until(delivered)
            second.send_signal(signal.SIGTERM)
            async with asyncio.timeout(5):
                assert await second.wait() == 0
    assert {each.json["id"] for each in receiver.received} == {invoice_id}


def test_the_environment_sets_it_up(tmp_path: Path) -> None:
    settings = SandboxSettings.from_environment(
        {
            "SANDBOX_PORT": "4000",
            "SANDBOX_DATA": str(tmp_path),
            "SANDBOX_RETRY_SCALE": "0.5",
            "SANDBOX_REFUND_QRIS": "no",
            "JNE_API_KEY": "key",
            "PAYMENT_CALLBACK_URL": "",
        }
    )
    assert (settings.port, settings.data, settings.retry_scale, settings.refund_qris) == (4000, tmp_path, 0.5, False)
    assert (settings.jne_api_key, settings.host) == ("key", "127.0.0.1")
    assert settings.payment_callback_url == "http://127.0.0.1:3005/api/webhooks/payment"
    assert settings.disbursement_callback_url == "http://127.0.0.1:3010/api/webhooks/disbursement"


def test_a_bad_variable_is_named() -> None:
    with pytest.raises(ValueError, match="SANDBOX_PORT='many' is not a valid int"):
        SandboxSettings.from_environment({"SANDBOX_PORT": "many"})
