"""``./patungan bench``: which benchmarks there are, their options, their run and their report."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import pkgutil
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from rich.console import Console

import benchmarks
from patungan.operations.layout import OperationError
from patungan.operations.progress import Progress
from patungan.operations.serve import allow_many_files


def names() -> list[str]:
    """The benchmarks, by the names of their modules."""
    return sorted(each.name for each in pkgutil.iter_modules(benchmarks.__path__) if not each.ispkg)


def purpose(name: str) -> str:
    """What a benchmark shows: the first sentence of its module."""
    return str(importlib.import_module(f"benchmarks.{name}").__doc__).strip().splitlines()[0]


def show_names(*, as_json: bool) -> None:
    """List the benchmarks with their purpose."""
    found = {name: purpose(name) for name in names()}
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
        return
    for name, text in found.items():
        print(f"{name:<12} {text}")


def parse(name: str, kind: type[msgspec.Struct], arguments: Sequence[str]) -> msgspec.Struct:
    """A benchmark's options from the command line; each field of its ``Options`` is one, with its default and its help."""
    parser = argparse.ArgumentParser(f"./patungan bench {name}", description=purpose(name), allow_abbrev=False)
    defaults = kind()
    for field, hint in get_type_hints(kind, include_extras=True).items():
        plain, text = get_args(hint)[:2] if get_origin(hint) is Annotated else (hint, "")
        default = getattr(defaults, field)
        flag = f"--{field.replace('_', '-')}"
        said = f"{text} (default: {' '.join(map(str, default)) if isinstance(default, tuple) else default})"
        if plain is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=default, help=text)
        elif get_origin(plain) is tuple:
            parser.add_argument(flag, type=get_args(plain)[0], nargs="+", default=default, help=said)
        else:
            parser.add_argument(flag, type=plain, default=default, help=said)
    given = vars(parser.parse_args(list(arguments)))
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in given.items()})


def command(name: str | None, arguments: Sequence[str], *, as_json: bool) -> int:
    """Run one benchmark, or list them all without a name; answers the exit code, 1 where its own checks do not hold."""
    if name is None:
        show_names(as_json=as_json)
        return 0
    if name not in names():
        raise OperationError(f"there is no benchmark {name!r}; there are: {', '.join(names())}")
    module = importlib.import_module(f"benchmarks.{name}")
    options = parse(name, module.Options, arguments)
    allow_many_files()
    for number in (signal.SIGTERM, signal.SIGHUP):
        # However it is ended, it ends what it has started.
        signal.signal(number, signal.default_int_handler)
    report: dict[str, Any] = asyncio.run(module.run(Progress(), options))
    report = {"benchmark": name, "options": msgspec.to_builtins(options), **msgspec.to_builtins(report)}
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    else:
        Console().print_json(msgspec.json.encode(report).decode())
    return 0 if all(report.get("holds", {}).values()) else 1
