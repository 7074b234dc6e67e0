"""The templates' engine, and how amounts and times are written."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig

FOLDER = Path(__file__).parent
JAKARTA = timezone(timedelta(hours=7), "WIB")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")


def rupiah(amount: int) -> str:
    """``Rp 1.250.000``"""
    return f"Rp {amount:,}".replace(",", ".")


def jakarta_time(at: int | None) -> str:
    """Milliseconds since 1970 as ``23 Nov 2026 10.03.12 WIB``."""
    if at is None:
        return "-"
    moment = datetime.fromtimestamp(at / 1000, JAKARTA)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year} {moment:%H.%M.%S} WIB"


GOOD: frozenset[str] = frozenset({"PAID", "SETTLED", "SUCCEEDED", "delivered", "read"})
BAD: frozenset[str] = frozenset(
    {"EXPIRED", "FAILED", "REVERSED", "CANCELLED", "failed", "lost", "undelivered", "cancelled", "rejected", "disposed"}
)


def mood(status: str) -> str:
    """The style of a state: good, bad or neither."""
    return "good" if status in GOOD else "bad" if status in BAD else ""


def web_link(address: str | None) -> str | None:
    """The address if a browser may be sent there, else None: a merchant could write ``javascript:``."""
    return address if address is not None and address.startswith(("https://", "http://")) else None


def template_config() -> TemplateConfig[JinjaTemplateEngine]:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"rupiah": rupiah, "jakarta_time": jakarta_time, "web_link": web_link, "mood": mood}
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))
