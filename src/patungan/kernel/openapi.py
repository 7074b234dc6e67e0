"""The OpenAPI document of a service as its clients need it: who may call, what it takes within which limits, how it refuses.

Litestar writes paths, parameters and answers; bodies come from msgspec, which keeps every limit, and security, audiences,
errors and examples from the routes themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, get_origin, get_type_hints

import msgspec
from litestar import Request
from litestar.enums import OpenAPIMediaType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import ParameterKwarg

from patungan.kernel.errors import (
    Forbidden,
    IdempotencyAnswerLost,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
    PayloadTooLarge,
    Problem,
    RateLimited,
    TokenExpired,
    Unauthenticated,
    Unavailable,
)
from patungan.kernel.examples import example_of
from patungan.kernel.identity import Audience
from patungan.kernel.links import add_links
from patungan.kernel.outcomes import problems_behind

PROBLEM_JSON = "application/problem+json"
_REFERENCE = "#/components/schemas/{name}"
_CONVERTER = re.compile(r":\w+}")

KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Of the client's making, one for each thing it wants done. The same key with the same input gets the same "
    "answer and changes nothing more; with another input it is a conflict. Answers are kept for 35 days at least.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "example": "01981f2e-7c00-7000-8000-000000000001",
}

PROBLEM = {
    "title": "Problem",
    "description": "An error as of RFC 9457.",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "description": "Stable: programs decide by it"},
        "detail": {"type": "string"},
        "field": {"type": "string", "description": "The input at fault"},
        "data": {"type": "object", "description": "Values that belong to the error"},
    },
    "required": ["type", "title", "status", "code", "detail"],
}


@cache
def body_type(handler: Callable[..., Any]) -> Any:
    """What a handler takes as its JSON body, None where it takes none."""
    return get_type_hints(handler, include_extras=True).get("data")


@cache
def body_decoder(handler: Callable[..., Any]) -> msgspec.json.Decoder[Any]:
    """Decodes the body of a handler strictly: a text is no number, a number no text."""
    return msgspec.json.Decoder(body_type(handler) or Any)


class OpenApi(JsonRenderPlugin):
    """Serves the document, finished once."""

    def __init__(self, routes: Sequence[HTTPRouteHandler]) -> None:
        super().__init__(path="/openapi.json", media_type=OpenAPIMediaType.OPENAPI_JSON)
        self._routes = routes
        self._written: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        if self._written is None:
            document = msgspec.json.decode(self.render_json(request, openapi_schema))
            self._written = msgspec.json.encode(finished(document, self._routes))
        return self._written


def finished(document: dict[str, Any], routes: Sequence[HTTPRouteHandler]) -> dict[str, Any]:
    """Complete Litestar's document of a service with what the routes say of themselves."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    components["securitySchemes"] = {
        "person": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of auth, half an hour long",
        },
        "service": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token that one service signs for another, a minute long",
        },
    }
    bodies = {route: kind for route in routes if (kind := body_type(route.fn)) is not None}
    written, defined = schemas_of(list(bodies.values()))
    schemas.update(defined)
    schema_of = dict(zip(bodies, written, strict=True))
    for route in routes:
        for path in route.paths:
            operation = document.get("paths", {}).get(_CONVERTER.sub("}", path), {}).get(_method(route))
            if operation is not None:
                _complete(operation, route, schema_of.get(route), schemas)
    add_links(document)
    return document


def schemas_of(kinds: Sequence[Any]) -> tuple[tuple[dict[str, Any], ...], dict[str, dict[str, Any]]]:
    """The JSON Schemas of types, and the components that they refer to; msgspec leaves moments without their format."""
    written, defined = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    for each in kinds:
        _mark_moments(msgspec.inspect.type_info(each), defined, set())
    return written, defined


def _mark_moments(info: msgspec.inspect.Type, defined: Mapping[str, dict[str, Any]], seen: set[type]) -> None:
    if isinstance(info, msgspec.inspect.StructType) and info.cls not in seen:
        seen.add(info.cls)
        properties = defined.get(info.cls.__name__, {}).get("properties", {})
        for field in info.fields:
            if _is_moment(field.type) and field.encode_name in properties:
                schema = properties[field.encode_name]
                for each in schema.get("anyOf", [schema]):
                    if each.get("type") == "string":
                        each["format"] = "date-time"
            _mark_moments(field.type, defined, seen)
    for inner in (*getattr(info, "types", ()), getattr(info, "item_type", None), getattr(info, "type", None)):
        if isinstance(inner, msgspec.inspect.Type):
            _mark_moments(inner, defined, seen)


def _is_moment(info: msgspec.inspect.Type) -> bool:
    inner: Iterable[Any] = getattr(info, "types", None) or (getattr(info, "type", info),)
    return any(isinstance(each, msgspec.inspect.DateTimeType) for each in inner)


def _method(route: HTTPRouteHandler) -> str:
    return next(iter(sorted(route.http_methods))).lower()


def _complete(
    operation: dict[str, Any], route: HTTPRouteHandler, body: dict[str, Any] | None, schemas: Mapping[str, Any]
) -> None:
    audiences: tuple[Audience, ...] = route.opt["audience"]
    operation["x-audiences"] = list(audiences)
    operation["security"] = _security(audiences)
    if body is not None:
        content = {"schema": body, "example": example_of(body, schemas)}
        operation["requestBody"] = {"content": {"application/json": content}, "required": True}
    elif taken := _taken(route):
        operation["requestBody"] = {"content": {kind: {"schema": {}} for kind in taken}, "required": True}
    parameters: list[dict[str, Any]] = operation.setdefault("parameters", [])
    hints = get_type_hints(route.fn, include_extras=True)
    for parameter in parameters:
        _limits_of_nought(parameter, hints)
        parameter.setdefault("example", example_of(parameter["schema"], schemas))
    if route.opt["remembers"] or "idempotency_key" in hints:
        parameters.append(KEY_PARAMETER)
    if not parameters:
        del operation["parameters"]
    responses = {status: told for status, told in operation["responses"].items() if status.startswith(("2", "3"))}
    if route.opt["may_be_unchanged"]:
        responses["304"] = {"description": "What If-None-Match names has not changed"}
    operation["responses"] = {**responses, **_refusals(route, operation)}


def _taken(route: HTTPRouteHandler) -> Sequence[str]:
    """The media types of a body that the handler reads for itself; a provider's callback is JSON, signed as it arrives."""
    taken: Sequence[str] = route.opt["takes"]
    is_callback = Audience.PROVIDER in route.opt["audience"] and "POST" in route.http_methods
    return taken or (("application/json",) if is_callback else ())


def _limits_of_nought(parameter: dict[str, Any], hints: Mapping[str, Any]) -> None:
    """Litestar leaves out a limit that is zero."""
    for hint in hints.values():
        for each in getattr(hint, "__metadata__", ()) if get_origin(hint) is not None else ():
            if isinstance(each, ParameterKwarg) and each.ge == 0 and hints.get(parameter["name"]) is hint:
                parameter["schema"]["minimum"] = 0


def _security(audiences: Iterable[Audience]) -> list[dict[str, list[str]]]:
    if any(each in (Audience.PUBLIC, Audience.PROVIDER) for each in audiences):
        return []
    return [{"service": []}] if tuple(audiences) == (Audience.SERVICE,) else [{"person": []}]


def problems_of(route: HTTPRouteHandler, *, with_parameters: bool, with_body: bool) -> set[type[Problem]]:
    """Every error that a route may answer with: by its audience, by what it takes, and by its code."""
    audiences: tuple[Audience, ...] = route.opt["audience"]
    problems = {RateLimited, Unavailable, *problems_behind(route.fn), *route.opt["raises"]}
    if _security(audiences):
        problems |= {Unauthenticated, TokenExpired}
        if Audience.CUSTOMER not in audiences and Audience.SERVICE not in audiences:
            problems.add(Forbidden)
    if with_parameters or with_body:
        problems.add(InvalidInput)
    if with_body:
        problems.add(PayloadTooLarge)
    if any("{" in path for path in route.paths):
        problems.add(NotFound)
    if route.opt["remembers"] or "idempotency_key" in get_type_hints(route.fn):
        problems |= {InvalidInput, IdempotencyKeyRequired, IdempotencyKeyReused}
    if route.opt["remembers"]:
        problems.add(IdempotencyAnswerLost)
    return problems


def _refusals(route: HTTPRouteHandler, operation: Mapping[str, Any]) -> dict[str, Any]:
    by_status: dict[int, list[type[Problem]]] = {}
    with_body = "requestBody" in operation or "request" in get_type_hints(route.fn)
    for each in problems_of(route, with_parameters="parameters" in operation, with_body=with_body):
        by_status.setdefault(each.status, []).append(each)
    return {str(status): _refusal(status, kinds) for status, kinds in sorted(by_status.items())}


def _refusal(status: int, kinds: list[type[Problem]]) -> dict[str, Any]:
    kinds = sorted(kinds, key=lambda kind: kind.code)
    narrowed = {"properties": {"code": {"enum": [kind.code for kind in kinds]}, "status": {"const": status}}}
    content = {
        "schema": {"allOf": [{"$ref": _REFERENCE.format(name="Problem")}, narrowed]},
        "examples": {kind.code: {"value": kind().document()} for kind in kinds},
    }
    return {
        "description": "; ".join(f"`{kind.code}`: {kind.title}" for kind in kinds),
        "content": {PROBLEM_JSON: content},
    }
