"""The documents that are made from the code: the graph of modules, the chart of accounts, and the events' JSON Schemas. A test
checks that they are not stale; ``python -m patungan.operations.documents`` writes them anew."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import grimp
import msgspec

from patungan.kernel.contract import EVENTS, OPERATIONS
from patungan.ledger import chart
from patungan.operations.layout import REPOSITORY
from patungan.registry import SERVICES

PACKAGE = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"


def documents() -> dict[Path, str]:
    """Every generated document by its path, as it should read now."""
    for entry in SERVICES:
        entry.load()
    return {DOCS / "modules.txt": module_graph(), DOCS / "chart-of-accounts.md": chart.page(), **event_schemas()}


def module_graph() -> str:
    """Who imports whom at the level of packages, which operations each service calls and offers, what it listens to."""
    graph = grimp.build_graph("patungan")
    lines = [
        "# Made by python -m patungan.operations.documents; the test command fails when it is stale.",
        "",
        "## Imports",
    ]
    edges: dict[str, set[str]] = {}
    for module in sorted(graph.modules):
        for imported in graph.find_modules_directly_imported_by(module):
            importer, target = _package(module), _package(imported)
            if importer != target:
                edges.setdefault(importer, set()).add(target)
    lines += [f"{importer} -> {', '.join(sorted(edges[importer]))}" for importer in sorted(edges)]
    lines += ["", "## Calls between services"]
    lines += [f"{caller} calls {called}" for caller, called in calls_between()]
    lines += ["", "## Events and who listens"]
    listeners: dict[str, list[str]] = {}
    for entry in SERVICES:
        for subscription in entry.load().subscriptions:
            for name in subscription.types:
                listeners.setdefault(f"{subscription.producer} {name}", []).append(entry.name)
    lines += [
        f"{producer} {name} -> {', '.join(sorted(set(listeners.get(f'{producer} {name}', ['nobody yet']))))}"
        for producer, name in sorted(EVENTS)
    ]
    return "\n".join(lines) + "\n"


def calls_between() -> list[tuple[str, str]]:
    """Each service, in the registry's order, with each operation of another that it calls: ``("order", "wallet.hold-funds")``."""
    for entry in SERVICES:
        # With a service come the contracts that it names, and all are needed before the first is read.
        entry.load()
    return [
        (entry.name, called)
        for entry in SERVICES
        for called in sorted(_calls(entry.module))
        if called.split(".")[0] != entry.name
    ]


def _package(module: str) -> str:
    parts = module.split(".")[1:]
    return ".".join(parts[:2] if parts[:1] == ["services"] or parts[:1] == ["contracts"] else parts[:1]) or "patungan"


def _calls(module: str) -> set[str]:
    """The operations that a service's code names in a call: ``ctx.call(contract.operation, ...)``."""
    declared = {(service, name.replace("-", "_")): f"{service}.{name}" for service, name in OPERATIONS}
    found: set[str] = set()
    for file in (PACKAGE / "services" / module).rglob("*.py"):
        tree = ast.parse(file.read_text())
        aliases = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "patungan.contracts"
            for alias in node.names
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "call"
                and node.args
            ):
                target = node.args[0]
                if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                    service = aliases.get(target.value.id, "").replace("_", "-")
                    found.add(declared.get((service, target.attr), f"{service}.{target.attr}"))
    return found


def event_schemas() -> dict[Path, str]:
    """The JSON Schema of every event, a file each."""
    written: dict[Path, str] = {}
    for (producer, name), kind in sorted(EVENTS.items()):
        schema: dict[str, Any] = msgspec.json.schema(kind.body)
        document = {"producer": producer, "event": name, "version": kind.version, "schema": schema}
        file = DOCS / "events" / f"{producer}.{name}.v{kind.version}.json"
        written[file] = json.dumps(document, indent=2, sort_keys=True) + "\n"
    return written


def write() -> None:
    """Write every document, and remove the schema of an event that is no more."""
    wanted = documents()
    (DOCS / "events").mkdir(parents=True, exist_ok=True)
    for file in (DOCS / "events").glob("*.json"):
        if file not in wanted:
            file.unlink()
    for file, text in wanted.items():
        file.write_text(text)


if __name__ == "__main__":
    write()
