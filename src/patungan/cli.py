"""The command line of Patungan; every command imports what it needs when it is called, so that each starts at once."""

from __future__ import annotations

import asyncio
import enum
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from patungan.operations.layout import DataDirectory, OperationError

if TYPE_CHECKING:
    from patungan.operations.progress import Progress

app = typer.Typer(
    name="patungan",
    help="Group-buying commerce: start the platform, look after it, prove its books.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
jobs_app = typer.Typer(help="Schedules with their last and next runs, and workflows that wait or failed.")
app.add_typer(jobs_app, name="jobs")
admin_app = typer.Typer(help="Administrators' accounts.", no_args_is_help=True)
app.add_typer(admin_app, name="admin")

DataOption = Annotated[
    Path | None,
    typer.Option("--data", envvar="PATUNGAN_DATA", help="Folder of the platform's data.", show_default=".data"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a program to read.")]


class SeedSize(enum.StrEnum):
    """How much ``seed`` makes."""

    DEMONSTRATION = "demonstration"
    LARGE = "large"


def _progress() -> Progress:
    from patungan.operations.progress import Progress

    return Progress()


def _run_on_stack(module: str, data: Path | None, **options: Any) -> None:
    """Carry out a module of operations on the running platform and exit with its code."""
    from patungan.operations.stack import run_module, running_stack

    stack = running_stack(DataDirectory.at(data))
    raise typer.Exit(asyncio.run(run_module(stack, module, **options)))


@app.command()
def up(
    split: Annotated[bool, typer.Option("--split", help="Run the sixteen services as sixteen processes.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Return when the platform is ready.")] = False,
    port: Annotated[int | None, typer.Option(help="The gateway's port.", show_default="8080")] = None,
    host: Annotated[str | None, typer.Option(help="The gateway's address.", show_default="127.0.0.1")] = None,
    data: DataOption = None,
    reset: Annotated[bool, typer.Option("--reset", help="Delete the platform's data first.")] = False,
    gateway: Annotated[bool, typer.Option(" /--no-gateway", help="Start without nginx.", show_default=False)] = True,
    seed: Annotated[
        bool, typer.Option(" /--no-seed", help="Start with an empty catalogue.", show_default=False)
    ] = True,
    rate_limit: Annotated[
        str | None,
        typer.Option(help="Requests per client address to /api/: 10r/s, 600r/m or off.", show_default="10r/s"),
    ] = None,
) -> None:
    """Start the platform, wait until every health check passes, and say where to look."""
    from patungan.operations.gateway import parse_rate
    from patungan.operations.plan import UpOptions
    from patungan.operations.up import Launch
    from patungan.operations.up import up as bring_up

    if rate_limit is not None:
        try:
            parse_rate(rate_limit)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    options = UpOptions(split=split, host=host, port=port, gateway=gateway, seed=seed, rate=rate_limit)
    launch = Launch(DataDirectory.at(data), options, _progress())
    raise typer.Exit(bring_up(launch, from_scratch=reset, detach=detach))


@app.command()
def down(data: DataOption = None) -> None:
    """Stop the platform; its data stays."""
    from patungan.operations.down import stop_platform

    directory = DataDirectory.at(data)
    progress = _progress()
    stopped = False
    if directory.root.exists():
        with directory.locked():
            stopped = stop_platform(directory, progress)
    progress.console.print("Patungan has stopped." if stopped else "Patungan was not running.")


@app.command()
def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show the health of every service and the state of every process; exit 1 unless all services are healthy."""
    from patungan.operations.status import platform_status, print_status

    found = platform_status(DataDirectory.at(data))
    if as_json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    else:
        from rich.console import Console

        print_status(found, Console())
    raise typer.Exit(0 if found.healthy else 1)


@app.command()
def logs(
    name: Annotated[str | None, typer.Argument(help="A process, as status lists it; all of them without one.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is added.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines to show.")] = 50,
    data: DataOption = None,
) -> None:
    """Show what the processes have logged."""
    from patungan.operations.control import resolve
    from patungan.operations.logs import follow as follow_logs
    from patungan.operations.logs import log_names, tail

    directory = DataDirectory.at(data)
    known = log_names(directory)
    names = known if name in (None, "all") else resolve(str(name), known)[0]
    for one in names:
        if len(names) > 1:
            print(f"==> {one} <==")
        print(tail(directory, one, lines), flush=True)
    if not follow:
        return
    try:
        for one, line in follow_logs(directory, names):
            print(f"{one}: {line}" if len(names) > 1 else line, flush=True)
    except KeyboardInterrupt:
        return


@app.command()
def restart(
    name: Annotated[str, typer.Argument(help="A process, as status lists it, or all.")], data: DataOption = None
) -> None:
    """Restart a process and wait until it is ready."""
    from patungan.operations.control import restart as restart_process

    restart_process(DataDirectory.at(data), name, _progress())


@app.command()
def stop(
    name: Annotated[str, typer.Argument(help="A process, as status lists it, or all.")], data: DataOption = None
) -> None:
    """Stop a process; up or restart starts it again."""
    from patungan.operations.control import stop as stop_process

    stop_process(DataDirectory.at(data), name, _progress())


@app.command()
def migrate(data: DataOption = None) -> None:
    """Bring the database's schemas up to date."""
    from patungan.operations.stack import running_stack
    from patungan.operations.up import migrate as migrate_database

    stack = running_stack(DataDirectory.at(data))
    progress = _progress()
    with progress.step("migrated the database"):
        asyncio.run(migrate_database(stack, progress))


@app.command()
def seed(
    size: Annotated[
        SeedSize, typer.Option(help="large adds 20,000 products, 200,000 users and 500,000 orders.")
    ] = SeedSize.DEMONSTRATION,
    data: DataOption = None,
) -> None:
    """Fill the database with the demonstration catalogue; what is there already stays as it is."""
    _run_on_stack("seed", data, size=size.value)


@app.command()
def demo(
    buyers: Annotated[int, typer.Option(min=8, max=500, help="How many buyers join.")] = 24,
    seed: Annotated[int, typer.Option(help="The same number plays the same sessions.")] = 1,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Play whole group-buying sessions through the public API, narrating them, and audit the books."""
    _run_on_stack("demo", data, buyers=buyers, seed=seed, json=as_json)


@app.command()
def audit(as_json: JsonOption = False, data: DataOption = None) -> None:
    """Prove the books; exit 1 and show the offending entries where they are not whole."""
    _run_on_stack("audit", data, json=as_json)


@jobs_app.callback(invoke_without_command=True)
def jobs(context: typer.Context, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Schedules with their last and next runs, and workflows that wait or failed."""
    if context.invoked_subcommand is None:
        _run_on_stack("jobs", data, run_name=None, json=as_json)


@jobs_app.command("run")
def jobs_run(
    name: Annotated[str, typer.Argument(help="The job, as jobs lists it.")],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Run a job now."""
    _run_on_stack("jobs", data, run_name=name, json=as_json)


@admin_app.command("create")
def admin_create(
    phone: Annotated[str, typer.Option(help="The mobile number to sign in with.")],
    name: Annotated[str, typer.Option(help="First and last name.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="super_admin, products, orders, finance, support or warehouse; may be repeated."),
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Make an administrator, super_admin unless said otherwise. The password is asked for, or read from standard input."""
    from patungan.kernel.identity import Scope

    try:
        scopes = [Scope(each) for each in scope or ["super_admin"]]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--scope") from None
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    _run_on_stack("administrators", data, phone=phone, name=name, password=password, scopes=scopes, json=as_json)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def bench(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="The benchmark; without one, all are listed.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Run a benchmark on a platform of its own; further arguments are its options, --help lists them."""
    from patungan.operations.layout import REPOSITORY

    # The benchmarks stand beside the program, not in it.
    sys.path.insert(0, str(REPOSITORY))
    from importlib import import_module

    if name in ("-h", "--help"):
        print(context.get_help())
        raise typer.Exit
    raise typer.Exit(import_module("benchmarks.frame.command").command(name, context.args, as_json=as_json))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(
    context: typer.Context,
    fast: Annotated[bool, typer.Option("--fast", help="Leave out the slow tests.")] = False,
) -> None:
    """Run lint, types, layers, then the tests; further arguments go to pytest."""
    from rich.console import Console

    from patungan.operations.check import run_checks

    raise typer.Exit(run_checks(fast=fast, pytest_arguments=context.args, console=Console()))


def main() -> None:
    """Run the command line; what cannot be done is said in plain words and exits 1."""
    try:
        app()
    except OperationError as error:
        print(f"patungan: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
