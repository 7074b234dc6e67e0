"""Links of an OpenAPI document: from what a POST made to the GET routes that take its id."""

from __future__ import annotations

from typing import Any

from patungan.kernel.links import add_links

MADE = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Made"}}}}
NOTHING = {"content": {"application/json": {"schema": {"type": "object", "properties": {"items": {}}}}}}


def _document(**posts: dict[str, Any]) -> dict[str, Any]:
    gets = {
        "/api/orders/{order_id}": "one_order",
        "/api/orders/{order_id}/lines/{line_id}": "one_line",
        "/api/orders": "all_orders",
        "/api/entries/mine/{entry_id}": "my_entry",
        "/api/reports/{report_id}": "one_report",
    }
    paths: dict[str, Any] = {path: {"get": {"operationId": name, "responses": {}}} for path, name in gets.items()}
    for path, answer in posts.items():
        paths.setdefault(path, {})["post"] = {"responses": {"201": answer, "400": MADE}}
    add_links(document := {"paths": paths, "components": {"schemas": {"Made": {"properties": {"id": {}}}}}})
    return document


def _links_of(path: str, answer: dict[str, Any] = MADE) -> dict[str, Any]:
    answers = _document(**{path: answer})["paths"][path]["post"]["responses"]
    assert "links" not in answers["400"]
    found: dict[str, Any] = answers["201"].get("links", {})
    return {name: link["parameters"] for name, link in found.items()}


def test_the_id_goes_where_the_path_below_takes_it() -> None:
    assert _links_of("/api/orders") == {"one_order": {"order_id": "$response.body#/id"}}


def test_what_the_request_named_is_handed_on() -> None:
    assert _links_of("/api/orders/{order_id}/lines") == {
        "one_line": {"order_id": "$request.path.order_id", "line_id": "$response.body#/id"}
    }


def test_without_a_path_below_the_noun_tells() -> None:
    assert _links_of("/api/entries") == {"my_entry": {"entry_id": "$response.body#/id"}}


def test_an_answer_without_an_id_and_an_id_that_nothing_takes_lead_nowhere() -> None:
    assert _links_of("/api/orders", NOTHING) == {}
    assert _links_of("/api/visits") == {}
