"""The table of routes: every route of every service, and what each identity is answered there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from patungan.registry import SERVICES
from tests.api.world import IDENTITIES, NOBODY, Route, World, address, all_routes, is_let_in
from tests.house import House

ROUTES = all_routes()

ENDLESS = {"/api/group-buying/{session_id:uuid}/events"}
"""Where the answer is a stream of events that does not end."""

OF_THE_CALLER = re.compile(r"\{(user|owner|buyer|customer|caller)_id\}")


@pytest.fixture(scope="module")
async def world(one_house: House) -> AsyncIterator[World]:
    yield await World.furnish(one_house)


def _template(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def test_every_route_names_its_audience_and_stands_once() -> None:
    assert all(route.audiences for route in ROUTES)
    twice = [
        each
        for each, count in Counter((r.service.name, r.method, _template(r.path)) for r in ROUTES).items()
        if count > 1
    ]
    assert twice == []


def test_paths_are_of_one_style() -> None:
    for route in ROUTES:
        literals = [part for part in route.path.split("/") if part and "{" not in part]
        assert literals[0] == "api", route
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?", part) for part in literals), route
        names = re.findall(r"\{(\w+)\}", route.path)
        assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names), route
        # Only those who administer others name a person.
        if {str(each) for each in route.audiences} & {"public", "customer"}:
            assert not OF_THE_CALLER.search(route.path), route


def test_every_path_lies_below_a_prefix_of_its_service() -> None:
    for route in ROUTES:
        prefixes = [each.public for each in route.service.routes]
        assert any(route.path == each or route.path.startswith(f"{each}/") for each in prefixes), route


async def test_every_service_reports_itself(world: World) -> None:
    for entry in SERVICES:
        health = await world.house.request("GET", entry.name, "/health")
        assert health.json() == {"status": "ok", "service": f"{entry.name}-service"}
        document = (await world.house.request("GET", entry.name, "/openapi.json")).json()
        assert document["info"]["title"] == f"{entry.name}-service"
        ready = await world.house.request("GET", entry.name, "/ready")
        assert ready.json() == {"status": "ok", "service": f"{entry.name}-service", "faults": []}
        metrics = (await world.house.request("GET", entry.name, "/metrics")).text
        assert set(re.findall(r'service="([^"]+)"', metrics)) == {entry.name}


@pytest.mark.parametrize("service", [entry.name for entry in SERVICES])
async def test_each_identity_gets_the_documented_outcome(world: World, service: str) -> None:
    """Without rights: 401 or 403 whatever is asked. With rights: an answer that the document names, and never 401."""
    document = (await world.house.request("GET", service, "/openapi.json")).json()
    routes = [route for route in ROUTES if route.service.name == service and route.method != "OPTIONS"]
    documented = {(method.upper(), path) for path, each in document.get("paths", {}).items() for method in each}
    assert documented == {(route.method, route.path) for route in routes}
    for route in routes:
        operation = document["paths"][route.path][route.method.lower()]
        assert operation["x-audiences"] == [str(each) for each in route.audiences]
        if route.template in ENDLESS:
            continue
        for identity in IDENTITIES:
            await _ask(world, route, operation, identity)


async def _ask(world: World, route: Route, operation: dict[str, Any], identity: str) -> None:
    headers = world.headers(identity, route.service.name) | {"Idempotency-Key": str(uuid4())}
    response = await world.house.request(route.method, route.service.name, address(route), headers=headers)
    said = (str(route), identity, response.status_code, response.text[:200])
    if not is_let_in(identity, route.audiences):
        # A token of another kind is no token at all; a person without the right is somebody known.
        stranger = identity in ("public", "service") or [str(each) for each in route.audiences] == ["service"]
        assert response.status_code == (401 if stranger else 403), said
        return
    assert str(response.status_code) in operation["responses"], said
    if not route.is_open_to_all:
        assert response.status_code != 401, said
    if response.status_code == 403:
        assert response.json()["code"] in str(operation["responses"]["403"]), said
    if str(NOBODY) in address(route) and route.method == "GET" and identity == "super admin":
        assert response.status_code in (404, 400, 200), said


async def test_every_route_is_mounted_and_none_is_shadowed(world: World) -> None:
    """Each path reaches its own handler, which the service's metrics tell, whatever parameters compete for its place."""
    for entry in SERVICES:
        routes = [route for route in ROUTES if route.service is entry and route.template not in ENDLESS]
        for route in routes:
            await world.house.request(route.method, entry.name, address(route))
        told = (await world.house.request("GET", entry.name, "/metrics")).text
        counted = set(re.findall(r'http_requests_total\{method="(\w+)",route="([^"]+)"', told))
        assert {(route.method, route.path) for route in routes} <= counted


async def test_another_method_is_405_and_a_path_of_nobody_404(world: World) -> None:
    for route in ROUTES:
        taken = {
            each.method
            for each in ROUTES
            if each.service is route.service and _template(each.path) == _template(route.path)
        }
        others = sorted({"GET", "POST", "PUT", "PATCH", "DELETE"} - taken)
        response = await world.house.request(others[-1], route.service.name, address(route))
        assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed"), route
    for entry in SERVICES:
        response = await world.house.request("GET", entry.name, f"{entry.routes[0].public}/no/such/path/here")
        assert (response.status_code, response.json()["code"]) == (404, "not_found"), entry.name
