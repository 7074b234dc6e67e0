"""What an audit found: every check with how much it looked at, and the entries that do not hold."""

from __future__ import annotations

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

SHOWN = 20
"""Offending entries of one check that are printed; ``--json`` carries up to ``KEPT`` of them."""
KEPT = 1_000


class Offence(msgspec.Struct, frozen=True):
    """An entry that does not hold: what it is about, what should be and what is, in rupiah or units where it is a number."""

    subject: str
    detail: str
    expected: int | None = None
    found: int | None = None


class Finding(msgspec.Struct, frozen=True):
    """One check: what it claims, how many rows it examined, and what contradicts the claim.

    ``skipped`` says why a check was not made; ``count`` is the number of all offences, of which the list may hold fewer.
    """

    name: str
    claim: str
    examined: int = 0
    count: int = 0
    offences: list[Offence] = []
    notes: list[str] = []
    skipped: str | None = None

    @property
    def holds(self) -> bool:
        return self.count == 0


class Report(msgspec.Struct, frozen=True):
    """The findings of one audit of one moment."""

    findings: list[Finding]

    @property
    def whole(self) -> bool:
        """Whether nothing contradicts the books."""
        return all(finding.holds for finding in self.findings)

    def finding(self, name: str) -> Finding:
        """The finding of a check; raises KeyError for an unknown name."""
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(name)

    def broken(self) -> dict[str, list[Offence]]:
        """The offending entries by the name of their check, for tests and messages."""
        return {finding.name: finding.offences for finding in self.findings if not finding.holds}


def as_json(report: Report) -> bytes:
    """The report for a program to read."""
    document = {"whole": report.whole, **msgspec.to_builtins(report)}
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def show(report: Report, console: Console) -> None:
    """The report as people read it: a line a check, then what offends."""
    table = Table("", "check", "examined", "what it proves", box=SIMPLE_HEAD, title="The books", title_justify="left")
    table.columns[1].no_wrap = True
    table.columns[2].justify = "right"
    for finding in report.findings:
        table.add_row(_mark(finding), finding.name, f"{finding.examined:,}", _told(finding))
    console.print(table)
    for finding in report.findings:
        for note in finding.notes:
            console.print(f"  [yellow]![/] {escape(finding.name)}: {escape(note)}", soft_wrap=True)
    for finding in report.findings:
        if not finding.holds:
            _show_offences(finding, console)
    if report.whole:
        console.print("[bold green]The books are whole.[/]")
    else:
        broken = sum(not finding.holds for finding in report.findings)
        console.print(f"[bold red]The books are not whole:[/] {broken} of {len(report.findings)} checks failed.")


def _mark(finding: Finding) -> str:
    if finding.skipped is not None:
        return "[yellow]![/]"
    return "[green]✓[/]" if finding.holds else "[red]✗[/]"


def _told(finding: Finding) -> str:
    if finding.skipped is not None:
        return f"[yellow]skipped: {escape(finding.skipped)}[/]"
    return escape(finding.claim) if finding.holds else f"[red]{finding.count:,} offending:[/] {escape(finding.claim)}"


def _show_offences(finding: Finding, console: Console) -> None:
    table = Table("entry", "what is wrong", "expected", "found", box=SIMPLE_HEAD)
    console.print(f"[red]{finding.name}[/]: {escape(finding.claim)}")
    for column in table.columns[2:]:
        column.justify = "right"
    for offence in finding.offences[:SHOWN]:
        numbers = ("" if number is None else f"{number:,}" for number in (offence.expected, offence.found))
        table.add_row(escape(offence.subject), escape(offence.detail), *numbers)
    console.print(table)
    if finding.count > SHOWN:
        console.print(f"  [dim]and {finding.count - SHOWN:,} more[/]")
