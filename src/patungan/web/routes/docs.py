"""The documentation for programs: every service's OpenAPI document, and every error code."""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache
from typing import Any

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Template

import patungan.contracts
from patungan.kernel.errors import Problem, known_problems
from patungan.registry import SERVICES, ServiceEntry, service_named
from patungan.web.rendering import render
from patungan.web.site import Here

METHODS = ("get", "post", "put", "patch", "delete")
AUDIENCE = "Open to: "
_WORD = re.compile(r"(?<=[a-z])([A-Z])")


@cache
def declared_problems() -> list[type[Problem]]:
    """Every error that the kernel or a contract declares, by code."""
    for module in pkgutil.iter_modules(patungan.contracts.__path__):
        importlib.import_module(f"patungan.contracts.{module.name}")
    known = known_problems()
    return [known[code] for code in sorted(known)]


def _service(name: str) -> ServiceEntry:
    try:
        return service_named(name)
    except KeyError:
        raise NotFoundException from None


def _endpoints(document: dict[str, Any]) -> list[dict[str, str]]:
    rows = []
    for path, operations in document.get("paths", {}).items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                open_to = str(operation.get("description", "")).partition(AUDIENCE)[2].partition("\n")[0]
                summary = _WORD.sub(r" \1", str(operation.get("summary", ""))).strip().capitalize()
                rows.append({"method": method.upper(), "path": path, "summary": summary, "open_to": open_to})
    return rows


@get("/docs")
async def show_docs(visitor: Here) -> Template:
    return render(visitor, "docs.html", services=SERVICES)


@get("/docs/problems")
async def show_problems(visitor: Here) -> Template:
    return render(visitor, "problems.html", problems=declared_problems())


@get("/docs/{name:str}")
async def show_service(visitor: Here, name: FromPath[str]) -> Template:
    entry = _service(name)
    document = await visitor.section(entry.name, "/openapi.json")
    endpoints = _endpoints(document) if document else None
    return render(visitor, "docs_service.html", service=entry, endpoints=endpoints)


@get("/api-docs/{name:str}")
async def show_document(visitor: Here, name: FromPath[str]) -> Response[bytes]:
    """A service's own OpenAPI document."""
    document = await visitor.get(_service(name).name, "/openapi.json")
    return Response(msgspec.json.encode(document), media_type="application/json")


routes = [show_docs, show_problems, show_service, show_document]
