"""The errors a route may answer with, read from its code: whatever error class the functions behind a handler name.

Declared by hand beside two hundred routes they would soon be wrong; read from the code they cannot be forgotten, and a test
asks every route whether it answers with another (docs/decisions/0080).
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from patungan.kernel.contract import Operation
from patungan.kernel.errors import InternalError, Problem, RemoteCallError

HOUSE = "patungan."
_UNTOLD = ("patungan.kernel.http", "patungan.kernel.database", "patungan.kernel.calls", "patungan.kernel.errors")
"""What every route has in common; the edge adds those errors to each by itself."""


def problems_behind(handler: Callable[..., Any]) -> set[type[Problem]]:
    """The errors that a handler, or what it calls in its service, the kernel and the contracts, may raise."""
    reading = _Reading(_package(handler.__module__))
    reading.follow(handler)
    return reading.problems


def _package(module: str) -> str:
    """The service that a module belongs to, else the module itself: ``patungan.services.order``."""
    return ".".join(module.split(".")[:3])


class _Reading:
    """One walk through the functions that can be reached; over-inclusive where a method's object is not known."""

    def __init__(self, package: str) -> None:
        self.problems: set[type[Problem]] = set()
        self._seen: set[Any] = set()
        self._methods = _methods_of(package)

    def follow(self, value: Any) -> None:
        if isinstance(value, dict | tuple | list | set | frozenset):
            for each in value.values() if isinstance(value, dict) else value:
                self.follow(each)
            return
        if isinstance(value, Operation):
            self._declared_in(sys.modules[value.request.__module__])
            return
        if isinstance(value, type):
            self._class(value)
            return
        function = inspect.unwrap(value) if callable(value) else None
        if isinstance(function, FunctionType) and _ours(function.__module__) and function not in self._seen:
            self._seen.add(function)
            self._names(function)

    def _class(self, value: type) -> None:
        if issubclass(value, Problem):
            if value not in (Problem, InternalError, RemoteCallError):
                self.problems.add(value)
        elif _ours(value.__module__) and value not in self._seen:
            self._seen.add(value)
            for member in vars(value).values():
                self.follow(getattr(member, "fget", None) or getattr(member, "__func__", member))

    def _names(self, function: FunctionType) -> None:
        names = set(_names_in(function.__code__))
        closed = [cell.cell_contents for cell in function.__closure__ or () if _filled(cell)]
        for value in (*(function.__globals__.get(name) for name in names), *closed):
            if isinstance(value, ModuleType):
                if value.__name__.startswith(HOUSE):
                    for name in names:
                        self.follow(getattr(value, name, None))
            else:
                self.follow(value)
        for name in names:
            for owner in self._methods.get(name, ()):
                self._class(owner)

    def _declared_in(self, contract: ModuleType) -> None:
        """A called service may answer with whatever its contract declares."""
        for value in vars(contract).values():
            if isinstance(value, type) and issubclass(value, Problem) and value.__module__ == contract.__name__:
                self.problems.add(value)


def _ours(module: str) -> bool:
    return module.startswith(HOUSE) and module not in _UNTOLD


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _methods_of(package: str) -> dict[str, list[type]]:
    """The classes of a service by the names of their methods."""
    found: dict[str, list[type]] = {}
    for name, module in list(sys.modules.items()):
        if name != package and not name.startswith(f"{package}."):
            continue
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == name:
                for member, function in vars(value).items():
                    if isinstance(function, FunctionType) and not member.startswith("__"):
                        found.setdefault(member, []).append(value)
    return found
