"""The whole table of routes through the real nginx, by the prefixes of the deployment guide: each reaches its service."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from patungan.operations.account import server_account
from patungan.operations.gateway import CRON_PATHS, GatewaySettings
from patungan.operations.nginx import NginxServer, worker_user
from patungan.operations.ports import free_port
from patungan.registry import SERVICES
from tests.api.world import Route, address, all_routes
from tests.house import House

AT_ONCE = 8

ROUTES = [route for route in all_routes() if route.path not in CRON_PATHS and not route.path.endswith("/events")]
"""Without the jobs, which the gateway keeps off, and the streams, which do not end."""


def _started(command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
async def gateway(one_house: House, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """nginx before the services of a house, without a limit of requests; answers its address."""
    servers = {entry.process: (f"127.0.0.1:{one_house.ports[entry.name]}",) for entry in SERVICES}
    settings = GatewaySettings(
        port=free_port(),
        rate=None,
        servers=servers,
        user=worker_user(server_account()),
        access_log="access.log",
        error_log="error.log",
    )
    home: Path = tmp_path_factory.mktemp("nginx")
    process = _started(NginxServer.prepare(home, settings).command())
    url = f"http://127.0.0.1:{settings.port}"

    async def answers() -> bool:
        try:
            return (await one_house.client.get(f"{url}/health")).status_code == 200
        except httpx.TransportError:
            return False

    try:
        await one_house.eventually(answers)
        yield url
    finally:
        process.terminate()
        process.wait(10)


async def _counted(house: House) -> dict[str, set[tuple[str, str]]]:
    """Method and path of every route that each service has answered on."""
    return {
        entry.name: set(
            re.findall(
                r'http_requests_total\{method="(\w+)",route="([^"]+)"',
                (await house.request("GET", entry.name, "/metrics")).text,
            )
        )
        for entry in SERVICES
    }


async def test_every_route_is_reached_by_its_path_at_the_gateway(one_house: House, gateway: str) -> None:
    assert not any(
        (route.method, route.path) in seen for seen in (await _counted(one_house)).values() for route in ROUTES
    )
    room = asyncio.Semaphore(AT_ONCE)

    async def ask(route: Route) -> None:
        async with room:
            answer = await one_house.client.request(route.method, gateway + address(route))
        assert answer.status_code not in (405, 502, 503, 504), (str(route), answer.text)
        assert "x-request-id" in answer.headers, route

    await asyncio.gather(*(ask(route) for route in ROUTES))
    counted = await _counted(one_house)
    wanted = {
        entry.name: {(route.method, route.path) for route in ROUTES if route.service is entry} for entry in SERVICES
    }
    for name, routes in wanted.items():
        assert routes <= counted[name], name
        assert not any(routes & seen for other, seen in counted.items() if other != name), name


async def test_what_is_not_for_the_public_is_kept_off(one_house: House, gateway: str) -> None:
    for path in (*CRON_PATHS, "/internal/get_users", "/api/auth/../../internal/get_users"):
        answer = await one_house.client.post(gateway + path)
        assert answer.status_code in (403, 404), (path, answer.text)
    for entry in SERVICES:
        assert not {path for _, path in (await _counted(one_house))[entry.name]} & set(CRON_PATHS)
        for route in entry.routes:
            answer = await one_house.client.get(f"{gateway}{route.public}/no/such/path/here")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), route
