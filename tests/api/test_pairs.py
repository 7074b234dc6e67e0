"""Every call from one service to another: there is such an operation, of those types, and it answers over HTTP."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints

import msgspec
import pytest

from patungan.kernel.contract import OPERATIONS, Message, Operation
from patungan.kernel.errors import Problem, RemoteCallError
from patungan.kernel.examples import example_of
from patungan.kernel.openapi import schemas_of
from patungan.operations.documents import calls_between
from patungan.registry import SERVICES, service_named
from tests.house import House, Servers, Shape

PAIRS = sorted(calls_between())


def _operation(called: str) -> Operation[Any, Any]:
    service, _, name = called.partition(".")
    return OPERATIONS[(service, name)]


@pytest.mark.parametrize(("caller", "called"), PAIRS)
def test_what_is_called_is_declared_and_carried_out_with_equal_types(caller: str, called: str) -> None:
    operation = _operation(called)
    service = service_named(operation.service).load()
    assert operation in service.operations
    function = service.implementation(operation)
    hints = get_type_hints(function)
    parameters = list(inspect.signature(function).parameters)
    assert (hints[parameters[1]], hints["return"]) == (operation.request, operation.reply)
    assert issubclass(operation.request, Message)
    assert isinstance(operation.retry_safe, bool)
    assert 0 < operation.timeout <= 60


def test_every_declared_operation_is_carried_out() -> None:
    carried_out = {(each.service, each.name) for entry in SERVICES for each in entry.load().operations}
    assert {key for key in OPERATIONS if key[1] != "events"} == carried_out


async def test_every_pair_speaks_over_http(servers: Servers, template: str) -> None:
    """An answer of the declared type or a business error that the contract names: never a failure of the call."""
    async with House(servers, template, Shape.HTTP, worker=False) as house:
        for caller, called in PAIRS:
            operation = _operation(called)
            message = _message(operation)
            try:
                reply = await house.context(caller).call(operation, message)
            except RemoteCallError as error:
                raise AssertionError(f"{caller} calls {called}: {error}") from error
            except Problem as refused:
                assert 400 <= refused.status < 500 or refused.code == "service_unavailable", (caller, called, refused)
            else:
                assert isinstance(reply, operation.reply), (caller, called)
                again = await house.context(caller).call(operation, message) if operation.retry_safe else reply
                assert isinstance(again, operation.reply), (caller, called)


def _message(operation: Operation[Any, Any]) -> Any:
    """The least that the request's type allows, with things that do not exist; rows between databases are none."""
    (schema,), components = schemas_of([operation.request])
    made = {name: [] if value is None else value for name, value in example_of(schema, components).items()}
    return msgspec.json.decode(msgspec.json.encode(made), type=operation.request)
