"""Products as a sheet of comma-separated values: read with every fault by line and column, and written. No I/O."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from patungan.kernel.money import Rupiah

MAX_LINES = 5_000

Price = Annotated[Rupiah, Meta(ge=1, le=1_000_000_000)]
_Text = Annotated[str, Meta(max_length=10_000)]
_Name = Annotated[str, Meta(min_length=3, max_length=200, pattern=r"^\S(.*\S)?$")]
_Centimetres = Annotated[int, Meta(ge=1, le=1_000)]


class SheetProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A line: a product by its SKU; prices in rupiah, weight in grams, dimensions in centimetres. The defaults are the
    platform's own (DOMAIN.md 1.1), for products that are new."""

    sku: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{3,50}$")]
    name: _Name
    name_en: Annotated[str, Meta(max_length=200)] = ""
    description: _Text = ""
    description_en: _Text = ""
    category: Annotated[str, Meta(max_length=120)]
    base_price: Price
    price_tier_25: Price
    price_tier_50: Price
    price_tier_75: Price
    price_tier_100: Price
    cost_price: Price | None = None
    min_order_quantity: Annotated[int, Meta(ge=2, le=1_000_000)] = 50
    group_duration_hours: Annotated[int, Meta(ge=1, le=720)] = 48
    weight_grams: Annotated[int, Meta(ge=1, le=1_000_000)] = 500
    length_cm: _Centimetres = 10
    width_cm: _Centimetres = 10
    height_cm: _Centimetres = 10
    renews: bool = True


COLUMNS = SheetProduct.__struct_fields__
REQUIRED = tuple(field.name for field in msgspec.structs.fields(SheetProduct) if field.required)
_TYPES = {field.name: field.type for field in msgspec.structs.fields(SheetProduct)}
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula."""


class SheetError(msgspec.Struct, frozen=True):
    """What is wrong with a line; ``line`` counts from 1, the heading's, ``column`` is empty where it is about the line."""

    line: int
    column: str
    code: str
    message: str


class SheetLine(msgspec.Struct, frozen=True):
    """A line that can be read; ``given`` names the columns that it fills, so that a change leaves the others alone."""

    line: int
    product: SheetProduct
    given: frozenset[str]


class Unreadable(Exception):
    """The file is no sheet of products at all; the message says why."""


def read(text: str) -> tuple[list[SheetLine], list[SheetError]]:
    """The lines that can be read, and what is wrong with the others; raises Unreadable."""
    try:
        rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
        heading = [cell.strip() for cell in next(rows, [])]
        _check_heading(heading)
        lines: list[SheetLine] = []
        errors: list[SheetError] = []
        seen: dict[str, int] = {}
        while True:
            number = rows.line_num + 1
            cells = next(rows, None)
            if cells is None:
                return lines, errors
            if not any(cell.strip() for cell in cells):
                continue
            if len(lines) + len(errors) >= MAX_LINES:
                raise Unreadable(f"A sheet has at most {MAX_LINES} lines")
            line, faults = _line(number, heading, cells)
            if line is not None and (first := seen.setdefault(line.product.sku.upper(), number)) != number:
                faults = [SheetError(number, "sku", "sku_repeated", f"Line {first} has this SKU already")]
            errors += faults
            if line is not None and not faults:
                lines.append(line)
    except csv.Error as error:
        raise Unreadable(f"Line {rows.line_num}: {error}") from None


def _check_heading(heading: list[str]) -> None:
    unknown = [name for name in heading if name not in COLUMNS]
    if unknown:
        raise Unreadable(f"Unknown columns: {', '.join(unknown)[:200]}")
    if len(set(heading)) != len(heading):
        raise Unreadable("A column is there twice")
    missing = [name for name in REQUIRED if name not in heading]
    if missing:
        raise Unreadable(f"Missing columns: {', '.join(missing)}")


def _line(number: int, heading: list[str], cells: list[str]) -> tuple[SheetLine | None, list[SheetError]]:
    if len(cells) != len(heading):
        return None, [SheetError(number, "", "cells", f"{len(cells)} cells, but {len(heading)} columns")]
    values: dict[str, Any] = {}
    errors = []
    for column, cell in zip(heading, cells, strict=True):
        text = _plain(cell.strip())
        if text == "" and column not in REQUIRED:
            continue
        try:
            values[column] = _value(column, text)
        except (msgspec.ValidationError, ValueError) as error:
            code = "missing" if text == "" else "invalid"
            errors.append(SheetError(number, column, code, str(error)))
    if errors:
        return None, errors
    product = SheetProduct(**values)
    return SheetLine(number, product, frozenset(values)), []


def _value(column: str, text: str) -> Any:
    kind = _TYPES[column]
    if "\x00" in text:
        raise ValueError("Holds a character that cannot be stored")
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError("Is either true or false")
        return text.lower() == "true"
    if column in _NUMBERS:
        if not (text.isascii() and text.isdigit() and len(text) <= 12):
            raise ValueError("Is a whole number, without points or commas")
        return msgspec.convert(int(text), kind)
    return msgspec.convert(text, kind)


_NUMBERS = frozenset(
    name
    for name in COLUMNS
    if name not in ("sku", "name", "name_en", "description", "description_en", "category", "renews")
)


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_DANGEROUS) else cell


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell


def write_heading() -> str:
    """The first line of a sheet."""
    return ",".join(COLUMNS) + "\r\n"


def write(products: Iterable[SheetProduct]) -> str:
    """The lines of products; what a spreadsheet would take for a formula is quoted, and unquoted again by ``read``."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    for product in products:
        writer.writerow([_cell(getattr(product, column)) for column in COLUMNS])
    return written.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else _safe(str(value))
