"""Processes of the platform that start at once: everything is imported in one process, and each is a fork of that.

A line of JSON on its input asks for something, a line on its output answers: ``start`` a process (its id), ``kill`` one, or
``look`` at one (its exit code, or null while it runs). With the end of its input all that it started ends.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from typing import Any, NoReturn

from patungan.operations import serve
from patungan.registry import SERVICES


def _become(wanted: dict[str, Any]) -> NoReturn:
    """Be a process of the platform from here on."""
    output = os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for given, place in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(given, place)
    os.environ.update(wanted["environment"])
    sys.argv = ["serve", *wanted["arguments"]]
    serve.main()
    sys.exit(0)


def _ended(process: int, options: int) -> int | None:
    found, status = os.waitpid(process, options)
    return os.waitstatus_to_exitcode(status) if found else None


def main() -> None:
    """Import what every process needs, then start and end processes as asked."""
    from patungan.kernel import engine

    assert engine
    for entry in SERVICES:
        entry.load()
    gc.collect()
    gc.freeze()
    running: set[int] = set()
    while line := sys.stdin.readline():
        wanted: dict[str, Any] = json.loads(line)
        answer: int | None
        if wanted["do"] == "start":
            answer = os.fork()
            if answer == 0:
                _become(wanted)
            running.add(answer)
        elif wanted["do"] == "kill":
            os.kill(wanted["process"], signal.SIGKILL)
            answer = _ended(wanted["process"], 0)
            running.discard(wanted["process"])
        else:
            answer = _ended(wanted["process"], os.WNOHANG)
            if answer is not None:
                running.discard(wanted["process"])
        print(json.dumps(answer), flush=True)
    for process in running:
        os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    main()
