"""Examples made from JSON Schemas, so that no document of an API shows an input that it would refuse."""

from __future__ import annotations

import re
from collections.abc import Mapping

# The parser of the standard library's own regular expressions; its public name was withdrawn, its parse tree was not.
from re import _constants as _kinds
from re import _parser
from typing import Any

FORMATS = {
    "uuid": "01981f2e-7c00-7000-8000-000000000001",
    "date-time": "2026-03-02T03:00:00Z",
    "date": "2026-03-02",
    "time": "10:00:00",
    "byte": "UGF0dW5nYW4=",
    "uri": "https://patungan.example/",
}
_PREFIX = "#/components/schemas/"


def example_of(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Any:
    """A value that the schema allows, with the required properties alone."""
    if "$ref" in schema:
        return example_of(components[str(schema["$ref"]).removeprefix(_PREFIX)], components)
    for word in ("enum", "examples"):
        if schema.get(word):
            return schema[word][0]
    for word in ("const", "default"):
        if schema.get(word) is not None:
            return schema[word]
    for word in ("anyOf", "oneOf", "allOf"):
        choices = [each for each in schema.get(word, ()) if each.get("type") != "null"]
        if choices:
            return example_of(
                {**choices[0], **{name: value for name, value in schema.items() if name != word}}, components
            )
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            made = {name: example_of(properties[name], components) for name in schema.get("required", ())}
            if len(made) < schema.get("minProperties", 0):
                name = example_of(schema.get("propertyNames", {"type": "string"}), components)
                made[name] = example_of(schema["additionalProperties"], components)
            return made
        case "array":
            return [example_of(schema.get("items", {}), components)] * max(1, int(schema.get("minItems", 0)))
        case "string":
            return _text(schema)
        case "integer":
            return _whole(schema)
        case "number":
            return float(schema.get("minimum", 1))
        case "boolean":
            return True
        case _:
            return None


def _whole(schema: Mapping[str, Any]) -> int:
    least = int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
    most = int(schema.get("maximum", max(least, 1)))
    value = max(least, min(1, most))
    step = int(schema.get("multipleOf", 1))
    return -(-value // step) * step


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("format") in FORMATS:
        return FORMATS[str(schema["format"])]
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 1_000))
    if "pattern" in schema:
        return matching(str(schema["pattern"]), least, most)
    return ("teks " * (least // 5 + 1))[: max(least, min(4, most))]


def matching(pattern: str, least: int = 0, most: int = 1_000) -> str:
    """A text that matches the pattern, of at least and at most so many characters; raises ValueError if none is found."""
    tree = _parser.parse(pattern)
    for extra in range(200):
        made = _written(tree, [extra])
        if least <= len(made) <= most and re.search(pattern, made):
            return made
    raise ValueError(f"no example of {pattern!r} with {least} to {most} characters")


def _written(tree: Any, extra: list[int]) -> str:
    """``extra``: how many repetitions beyond the least ones may still be spent."""
    return "".join(_part(kind, value, extra) for kind, value in tree)


def _part(kind: Any, value: Any, extra: list[int]) -> str:
    if kind is _kinds.LITERAL:
        return chr(value)
    if kind is _kinds.ANY:
        return "a"
    if kind is _kinds.IN:
        return _of_set(value)
    if kind in (_kinds.MAX_REPEAT, _kinds.MIN_REPEAT):
        least, most, inner = value
        more = min(extra[0], int(most) - least)
        extra[0] -= more
        return "".join(_written(inner, extra) for _ in range(least + more))
    if kind is _kinds.SUBPATTERN:
        return _written(value[3], extra)
    if kind is _kinds.BRANCH:
        return _written(value[1][0], extra)
    if kind is _kinds.NOT_LITERAL:
        return "b" if value == ord("a") else "a"
    return ""


def _of_set(choices: Any) -> str:
    if choices[0][0] is _kinds.NEGATE:
        return "a"
    kind, value = choices[0]
    if kind is _kinds.LITERAL:
        return chr(value)
    if kind is _kinds.RANGE:
        return chr(value[0])
    return "0" if value is _kinds.CATEGORY_DIGIT else "a"
