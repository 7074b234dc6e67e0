"""What the gateway and whoever watches the platform ask of the storefront."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from patungan.web.api import ApiProblem
from patungan.web.site import TheSite

NEEDED = ("group-buying", "product", "auth")
"""Without these no page is of any use."""


@get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok", "service": "web"}


@get("/ready")
async def ready(site: TheSite) -> Response[dict[str, Any]]:
    faults = []
    for service in NEEDED:
        try:
            await site.api.call("GET", service, "/health")
        except ApiProblem as problem:
            faults.append(f"{service}: {problem.code}")
    body = {"status": "not ready" if faults else "ok", "service": "web", "faults": faults}
    return Response(body, status_code=503 if faults else 200)


routes = [health, ready]
