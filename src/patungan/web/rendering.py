"""The templates' engine, and what every template can use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template import TemplateConfig

from patungan.web.assets import asset_url
from patungan.web.sessions import catch_up
from patungan.web.texts import TEXTS, Words, format_rupiah, number, parse_moment
from patungan.web.texts.states import mood
from patungan.web.visitor import Visitor

FOLDER = Path(__file__).parent / "templates"
NOTICES = frozenset(key.removeprefix("notice.") for key in TEXTS if key.startswith("notice."))


def web_link(address: str | None) -> str | None:
    """The address if a browser may be sent there, else None: it must be this site's own path, or http(s)."""
    if not address:
        return None
    if local_path(address) or address.startswith(("https://", "http://")):
        return address
    return None


def local_path(address: str | None) -> str | None:
    """The address if it is a path of this site, else None: ``//host`` and ``/\\host`` lead elsewhere."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")) or len(address) > 500:
        return None
    return None if any(ord(character) < 32 for character in address) else address


def template_config() -> TemplateConfig[JinjaTemplateEngine]:
    """Templates that escape everything, and fail where a name is misspelt rather than show nothing."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"rupiah": format_rupiah, "number": number, "web_link": web_link}
    environment.filters |= {"mood": mood, "catch_up": catch_up}
    environment.globals |= {"asset": asset_url}
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))


def render(
    visitor: Visitor,
    name: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    notice: str | None = None,
    **context: Any,
) -> Template:
    """A page or a part of one, in the visitor's language."""
    words = Words(visitor.language)
    shown = {
        "t": words.text,
        "words": words,
        "moment": words.moment,
        "state": words.state,
        "problem_text": words.problem,
        "lang": visitor.language,
        "signed_in": visitor.signed_in,
        "now": visitor.now.isoformat(),
        "notice": words.text(f"notice.{notice}") if notice in NOTICES else None,
        "problem": None,
        **context,
    }
    return Template(template_name=name, context=shown, status_code=status, headers=headers or {})


def has_ended(moment: str, visitor: Visitor) -> bool:
    """Whether a time as services write it has come."""
    return parse_moment(moment) <= visitor.now
