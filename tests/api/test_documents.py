"""Schemathesis against each service's own OpenAPI: no 5xx, no answer that the document does not name, nothing lenient; each
operation by itself with good and bad input, and walks along the document's links from what was made to what shows it.

``PATUNGAN_API_EXAMPLES=100`` tries more than the few examples an operation gets in the test command.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from patungan.registry import SERVICES
from tests.api.world import IDENTITIES, World
from tests.house import House

EXAMPLES = int(os.environ.get("PATUNGAN_API_EXAMPLES", "4"))
"""Examples for an operation, of good and of bad input each."""

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

ENDLESS = "text/event-stream"

STEPS = 6
"""Of a walk along the links."""

ALWAYS_SHOWN = {"product", "factory", "payment"}
"""Services in which what good input makes is there for whoever follows; elsewhere the first step may need luck."""


@pytest.fixture(scope="module")
async def world(one_house: House) -> AsyncIterator[World]:
    yield await World.furnish(one_house)


@pytest.mark.parametrize("service", [entry.name for entry in SERVICES])
async def test_a_service_answers_as_its_document_says(world: World, service: str) -> None:
    document = (await world.house.request("GET", service, "/openapi.json")).json()
    faults = await asyncio.to_thread(_faults, world, service, document)
    assert not faults, "\n\n".join(faults)


def _faults(world: World, service: str, document: dict[str, Any]) -> list[str]:
    if not document.get("paths"):
        return []
    schema = schemathesis.openapi.from_dict(document)
    faults = []
    with requests.Session() as session:
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()
            if ENDLESS in str(operation.definition.raw["responses"].get("200", "")):
                continue
            modes = [GenerationMode.POSITIVE]
            if operation.definition.raw.get("parameters") or "requestBody" in operation.definition.raw:
                modes.append(GenerationMode.NEGATIVE)
            for mode in modes:
                try:
                    _try(operation, mode, _asker(world, service, session))
                except FailureGroup as group:
                    faults += [f"{operation.label}: {each}" for each in group.exceptions]
                except Unsatisfiable:
                    assert mode is GenerationMode.NEGATIVE, operation.label
    return faults


@pytest.mark.parametrize("service", [entry.name for entry in SERVICES])
async def test_what_was_made_is_shown_where_the_links_lead(world: World, service: str) -> None:
    document = (await world.house.request("GET", service, "/openapi.json")).json()
    if "links" in str(document):
        shown = await asyncio.to_thread(_walk, world, service, document)
        assert shown or service not in ALWAYS_SHOWN


def _walk(world: World, service: str, document: dict[str, Any]) -> int:
    """Walk; answers how often a link led to what was made."""
    shown = 0
    schema = schemathesis.openapi.from_dict(document)
    schema.config.generation.update(modes=[GenerationMode.POSITIVE])
    session = requests.Session()

    class Walk(schema.as_state_machine()):  # type: ignore[misc]
        """Somebody who may do most things follows the links."""

        def before_call(self, case: Case[Any]) -> None:
            _link(world, case, len(case.id) % 5, path=False)

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            key = {"Idempotency-Key": str(uuid4())} if case.method != "GET" else {}
            headers = world.headers(_who(document, case), service) | key
            return {"base_url": world.house.url(service, ""), "session": session, "headers": headers}

        def validate_response(self, response: Any, case: Case[Any], additional_checks: Any = (), **kwargs: Any) -> None:
            nonlocal shown
            shown += case.method == "GET" and bool(case.path_parameters) and response.status_code == 200
            case.validate_response(response, checks=_checks_of(case))

    with session:
        Walk.run(
            settings=hypothesis.settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[hypothesis.Phase.generate],
                suppress_health_check=list(hypothesis.HealthCheck),
            )
        )
    return shown


def _who(document: dict[str, Any], case: Case[Any]) -> str:
    """Whose walk it is: of the first audience that the operation names."""
    audience = document["paths"][case.operation.path][case.method.lower()]["x-audiences"][0]
    return {"admin": "super admin"}.get(audience, audience) if audience in IDENTITIES else "super admin"


def _try(operation: Any, mode: GenerationMode, ask: Callable[[Case[Any], str, int], None]) -> None:
    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(operation.as_strategy(generation_mode=mode), st.sampled_from(WHO), st.integers(0, 9))
    def one(case: Case[Any], identity: str, place: int) -> None:
        ask(case, identity, place)

    one()


WHO = (*IDENTITIES, *(["super admin", "customer", "factory owner"] * 3))
"""Those who get further come up more often."""


def _asker(world: World, service: str, session: requests.Session) -> Callable[[Case[Any], str, int], None]:
    def ask(case: Case[Any], identity: str, place: int) -> None:
        good = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
        if good and place:
            _link(world, case, place)
        response = case.call(
            base_url=world.house.url(service, ""), session=session, headers=world.headers(identity, service)
        )
        if response.status_code < 300 and "json" in str(response.headers.get("content-type")):
            world.learn(case.operation.path, response.json())
        case.validate_response(response, checks=_checks_of(case))

    return ask


def _checks_of(case: Case[Any]) -> list[Any]:
    """All checks; a moment may also be given as seconds since the epoch, which the document does not say."""
    query = case.query if isinstance(case.query, dict) else {}
    seconds = any(str(query.get(name, "")).lstrip("-").isdigit() for name in ("since", "until"))
    return [each for each in CHECKS if not (seconds and each is negative_data_rejection)]


def _link(world: World, case: Case[Any], place: int, *, path: bool = True) -> None:
    """Point a good request at things that exist: the ids in earlier answers are the links from one operation to the next."""
    for values in (case.path_parameters if path else None, case.query, case.body):
        if isinstance(values, dict):
            for name in values:
                known = world.known.get(name)
                if known:
                    values[name] = known[place % len(known)]
