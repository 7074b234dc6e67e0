"""The documents that are made from the code are those that are committed."""

from __future__ import annotations

from patungan.kernel.contract import OPERATIONS
from patungan.operations.documents import DOCS, documents
from patungan.registry import SERVICES


def test_the_committed_documents_are_not_stale() -> None:
    wanted = documents()
    stale = [file.name for file, text in wanted.items() if not file.exists() or file.read_text() != text]
    assert stale == [], "run python -m patungan.operations.documents"
    assert {file for file in (DOCS / "events").glob("*.json")} <= set(wanted)


def test_every_declared_operation_is_built_by_its_service() -> None:
    services = {entry.name: entry.load() for entry in SERVICES}
    for (name, _), operation in OPERATIONS.items():
        if operation.name == "events":
            continue
        assert operation in services[name].operations, f"{name} does not offer {operation.name}"
        assert services[name].implementation(operation) is not None
