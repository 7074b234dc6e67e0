"""OpenAPI links: which GET shows what a POST has made, so that clients and tests can follow one from the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_REFERENCE = "#/components/schemas/"
_PARAMETER = re.compile(r"{(\w+)}")


def add_links(document: Mapping[str, Any]) -> None:
    """Add to each answer of a POST that carries an ``id`` the links to the GET routes whose path takes it."""
    paths: Mapping[str, Mapping[str, Any]] = document.get("paths", {})
    for path, operations in paths.items():
        for status, answer in _answers_with_id(operations.get("post", {}), document):
            links = dict(_links(path, paths))
            if links:
                operations["post"]["responses"][status] = {**answer, "links": links}


def _answers_with_id(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, answer in operation.get("responses", {}).items():
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].removeprefix(_REFERENCE)]
        if status.startswith("2") and "id" in schema.get("properties", {}):
            yield status, answer


def _links(path: str, paths: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = _name_of_id(path, paths)
    given = set(_PARAMETER.findall(path))
    for target, operations in paths.items():
        wanted = _PARAMETER.findall(target)
        if "get" not in operations or name not in wanted or not set(wanted) <= {name, *given}:
            continue
        parameters = {each: "$response.body#/id" if each == name else f"$request.path.{each}" for each in wanted}
        told = operations["get"]
        yield told["operationId"], {"operationId": told["operationId"], "parameters": parameters}


def _name_of_id(path: str, paths: Mapping[str, Mapping[str, Any]]) -> str:
    """The path parameter that takes the id of what a POST to this path made: that of the path below it, else by its noun."""
    below = re.compile(re.escape(path) + r"/{(\w+)}")
    for each in paths:
        if (found := below.fullmatch(each)) is not None:
            return found.group(1)
    noun = [part for part in path.split("/") if part and "{" not in part][-1].replace("-", "_")
    return (f"{noun.removesuffix('ies')}y" if noun.endswith("ies") else noun.removesuffix("s")) + "_id"
