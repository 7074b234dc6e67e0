"""Products as a sheet of comma-separated values: read with every fault by line and column, and written. No I/O.

A line is a product with one of its variants, or without any; further lines of its SKU are further variants."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from patungan.kernel.money import Rupiah

MAX_LINES = 5_000

Price = Annotated[Rupiah, Meta(ge=1, le=1_000_000_000)]
_Text = Annotated[str, Meta(max_length=10_000)]
_Name = Annotated[str, Meta(min_length=3, max_length=200, pattern=r"^\S(.*\S)?$")]
_Centimetres = Annotated[int, Meta(ge=1, le=1_000)]
_Sku = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{3,50}$")]


class SheetProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A line: a product by its SKU; prices in rupiah, weight in grams, dimensions in centimetres. The defaults are the
    platform's own (DOMAIN.md 1.1), for products that are new."""

    sku: _Sku
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


class SheetVariant(msgspec.Struct, frozen=True, kw_only=True):
    """A variant by its SKU; what it costs more than its product, in rupiah, less where below zero. None stays as it is."""

    sku: _Sku
    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")] | None = None
    price_adjustment: Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)] | None = None


PRODUCT_COLUMNS = SheetProduct.__struct_fields__
VARIANT_COLUMNS = tuple(f"variant_{name}" for name in SheetVariant.__struct_fields__)
COLUMNS = PRODUCT_COLUMNS + VARIANT_COLUMNS
REQUIRED = tuple(field.name for field in msgspec.structs.fields(SheetProduct) if field.required)
_TYPES = {field.name: field.type for field in msgspec.structs.fields(SheetProduct)} | {
    f"variant_{field.name}": field.type for field in msgspec.structs.fields(SheetVariant)
}
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula."""


class SheetError(msgspec.Struct, frozen=True):
    """What is wrong with a line; ``line`` counts from 1, the heading's, ``column`` is empty where it is about the line."""

    line: int
    column: str
    code: str
    message: str


class VariantLine(msgspec.Struct, frozen=True):
    """A variant, and the line that names it."""

    line: int
    variant: SheetVariant


class SheetLine(msgspec.Struct, frozen=True):
    """A product's first line; ``given`` names the columns that it fills, so that a change leaves the others alone.
    ``variants`` are those of this line and of the further ones."""

    line: int
    product: SheetProduct
    given: frozenset[str]
    variants: list[VariantLine]


class Unreadable(Exception):
    """The file is no sheet of products at all; the message says why."""


def read(text: str) -> tuple[list[SheetLine], list[SheetError]]:
    """The products that can be read, and what is wrong with the other lines; raises Unreadable."""
    reading = _Reading()
    try:
        rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
        heading = [cell.strip() for cell in next(rows, [])]
        _check_heading(heading)
        taken = 0
        while True:
            number = rows.line_num + 1
            cells = next(rows, None)
            if cells is None:
                return list(reading.lines.values()), reading.errors
            if not any(cell.strip() for cell in cells):
                continue
            taken += 1
            if taken > MAX_LINES:
                raise Unreadable(f"A sheet has at most {MAX_LINES} lines")
            reading.take(number, heading, cells)
    except csv.Error as error:
        raise Unreadable(f"Line {rows.line_num}: {error}") from None


class _Reading:
    """What was read so far: products by their SKUs in capitals, the lines of variants, and faults."""

    def __init__(self) -> None:
        self.lines: dict[str, SheetLine] = {}
        self.errors: list[SheetError] = []
        self._faulty: dict[str, int] = {}
        self._variants: dict[str, int] = {}

    def take(self, number: int, heading: list[str], cells: list[str]) -> None:
        """Read a line, or note what is wrong with it."""
        if len(cells) != len(heading):
            self.errors.append(SheetError(number, "", "cells", f"{len(cells)} cells, but {len(heading)} columns"))
            return
        values, faults = _values(number, heading, cells)
        sku = str(values.get("sku", "")).upper()
        meant = any(name in VARIANT_COLUMNS for name in (*values, *(each.column for each in faults)))
        variant, wrong = self._variant(number, values) if meant else (None, [])
        faults += [each for each in wrong if each.column not in {known.column for known in faults}]
        first = self.lines.get(sku)
        if first is not None and meant:
            faults += _differences(number, values, first)
            if variant is not None and not faults:
                first.variants.append(variant)
        elif first is not None:
            faults.append(SheetError(number, "sku", "sku_repeated", f"Line {first.line} has this SKU already"))
        elif sku in self._faulty and values.keys() <= {"sku", *VARIANT_COLUMNS}:
            faults = [refused_with(number, self._faulty[sku])]
        else:
            faults += _missing(number, values, faults)
            self._begin(number, sku, values, variant, faults)
        self.errors += faults

    def _begin(
        self,
        number: int,
        sku: str,
        values: dict[str, Any],
        variant: VariantLine | None,
        faults: Sequence[SheetError],
    ) -> None:
        if faults:
            if sku:
                self._faulty.setdefault(sku, number)
            return
        filled = {name: value for name, value in values.items() if name in PRODUCT_COLUMNS}
        variants = [] if variant is None else [variant]
        self.lines[sku] = SheetLine(number, SheetProduct(**filled), frozenset(filled), variants)

    def _variant(self, number: int, values: dict[str, Any]) -> tuple[VariantLine | None, list[SheetError]]:
        """The variant that a line names, or what is wrong with it."""
        told = {name.removeprefix("variant_"): value for name, value in values.items() if name in VARIANT_COLUMNS}
        if "sku" not in told:
            return None, [SheetError(number, "variant_sku", "missing", "A variant goes by its SKU")]
        variant = SheetVariant(**told)
        known = self._variants.setdefault(variant.sku.upper(), number)
        if known != number:
            message = f"Line {known} has this SKU already"
            return None, [SheetError(number, "variant_sku", "sku_repeated", message)]
        return VariantLine(number, variant), []


def refused_with(line: int, first: int) -> SheetError:
    """The fault of a variant's line whose product cannot be taken."""
    return SheetError(line, "sku", "product_refused", f"The product's line {first} has faults")


def _check_heading(heading: list[str]) -> None:
    unknown = [name for name in heading if name not in COLUMNS]
    if unknown:
        raise Unreadable(f"Unknown columns: {', '.join(unknown)[:200]}")
    if len(set(heading)) != len(heading):
        raise Unreadable("A column is there twice")
    missing = [name for name in REQUIRED if name not in heading]
    if missing:
        raise Unreadable(f"Missing columns: {', '.join(missing)}")


def _values(number: int, heading: list[str], cells: list[str]) -> tuple[dict[str, Any], list[SheetError]]:
    """What the filled cells of a line say, and those that say nothing that can be."""
    values: dict[str, Any] = {}
    errors = []
    for column, cell in zip(heading, cells, strict=True):
        text = _plain(cell.strip())
        if text == "":
            continue
        try:
            values[column] = _value(column, text)
        except (msgspec.ValidationError, ValueError) as error:
            errors.append(SheetError(number, column, "invalid", str(error)))
    return values, errors


def _missing(number: int, values: dict[str, Any], faults: Sequence[SheetError]) -> list[SheetError]:
    wrong = {each.column for each in faults}
    return [
        SheetError(number, name, "missing", "This is needed")
        for name in REQUIRED
        if name not in values and name not in wrong
    ]


def _differences(number: int, values: dict[str, Any], first: SheetLine) -> list[SheetError]:
    """What a further variant's line says otherwise of its product."""
    return [
        SheetError(number, name, "differs", f"Line {first.line} says otherwise of this product")
        for name, value in values.items()
        if name in PRODUCT_COLUMNS and name != "sku" and value != getattr(first.product, name)
    ]


def _value(column: str, text: str) -> Any:
    kind = _TYPES[column]
    if "\x00" in text:
        raise ValueError("Holds a character that cannot be stored")
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError("Is either true or false")
        return text.lower() == "true"
    if column in _NUMBERS:
        digits = text.removeprefix("-") if column == "variant_price_adjustment" else text
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
            raise ValueError("Is a whole number, without points or commas")
        return msgspec.convert(int(text), kind)
    return msgspec.convert(text, kind)


_WORDS = frozenset(
    ("sku", "name", "name_en", "description", "description_en", "category", "renews", "variant_sku", "variant_name")
)
_NUMBERS = frozenset(name for name in COLUMNS if name not in _WORDS)


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_DANGEROUS) else cell


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell


def write_heading() -> str:
    """The first line of a sheet."""
    return ",".join(COLUMNS) + "\r\n"


def write(products: Iterable[tuple[SheetProduct, Sequence[SheetVariant]]]) -> str:
    """The lines of products with their variants; what a spreadsheet would take for a formula is quoted, and unquoted again
    by ``read``."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    for product, variants in products:
        cells = [_cell(getattr(product, column)) for column in PRODUCT_COLUMNS]
        first, *further = [_variant_cells(each) for each in variants] or [[""] * len(VARIANT_COLUMNS)]
        writer.writerow(cells + first)
        writer.writerows([_cell(product.sku), *[""] * (len(PRODUCT_COLUMNS) - 1), *each] for each in further)
    return written.getvalue()


def _variant_cells(variant: SheetVariant) -> list[str]:
    return [_cell(getattr(variant, name)) for name in SheetVariant.__struct_fields__]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else _safe(str(value))
