"""Message templates: created over the API, filled with a message's parameters, shown as the receiver reads them."""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Final, Literal

import msgspec

from patungan.sandbox.context import Sandbox
from patungan.sandbox.whatsapp.errors import GraphError

SCHEMA: Final = """
create table if not exists whatsapp_templates (
    id text primary key,
    name text not null,
    language text not null,
    category text not null,
    components text not null,
    unique (name, language)
) strict;
"""

PLACEHOLDER: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class TemplateButton(msgspec.Struct, omit_defaults=True):
    type: str
    text: str = ""
    url: str | None = None
    phone_number: str | None = None
    otp_type: str | None = None


class TemplatePart(msgspec.Struct, omit_defaults=True):
    """A component of a template's definition: HEADER, BODY, FOOTER or BUTTONS."""

    type: str
    text: str = ""
    format: str | None = None
    buttons: list[TemplateButton] = []
    example: dict[str, object] | None = None
    add_security_recommendation: bool | None = None
    code_expiration_minutes: int | None = None


class CreateTemplate(msgspec.Struct, kw_only=True):
    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9_]{1,512}$")]
    language: str
    category: Literal["AUTHENTICATION", "MARKETING", "UTILITY"]
    components: list[TemplatePart]


class Template(msgspec.Struct):
    id: str
    name: str
    language: str
    category: str
    components: str

    @property
    def parts(self) -> dict[str, TemplatePart]:
        decoded = msgspec.json.decode(self.components, type=list[TemplatePart])
        return {part.type.upper(): part for part in decoded}


class ParameterFallback(msgspec.Struct):
    fallback_value: str = ""


class Parameter(msgspec.Struct):
    """A value of a message; ``parameter_name`` where the template names its places instead of numbering them."""

    type: str
    text: str | None = None
    payload: str | None = None
    coupon_code: str | None = None
    parameter_name: str | None = None
    currency: ParameterFallback | None = None
    date_time: ParameterFallback | None = None

    @property
    def shown(self) -> str:
        fallback = self.currency or self.date_time
        return self.text or self.payload or self.coupon_code or (fallback.fallback_value if fallback else self.type)


class Component(msgspec.Struct):
    """A component of a message: header, body or button."""

    type: str
    sub_type: str | None = None
    index: str | int | None = None
    parameters: list[Parameter] = []


def create(sandbox: Sandbox, wanted: CreateTemplate) -> Template:
    """Create a template, or replace the one of that name and language; the sandbox approves every one at once."""
    if not any(part.type.upper() == "BODY" for part in wanted.components):
        raise GraphError(400, 100, "A template needs a BODY component")
    template = Template(
        str(secrets.randbelow(10**15) + 10**15),
        wanted.name,
        wanted.language,
        wanted.category,
        msgspec.json.encode(wanted.components).decode(),
    )
    sandbox.store.execute(
        "insert into whatsapp_templates (id, name, language, category, components) values (?, ?, ?, ?, ?)"
        " on conflict (name, language) do update set category = excluded.category, components = excluded.components",
        *(template.id, template.name, template.language, template.category, template.components),
    )
    return find(sandbox, wanted.name, wanted.language) or template


def find(sandbox: Sandbox, name: str, language: str) -> Template | None:
    return sandbox.store.one(
        Template, "select * from whatsapp_templates where name = ? and language = ?", name, language
    )


def every(sandbox: Sandbox) -> list[Template]:
    return sandbox.store.all(Template, "select * from whatsapp_templates order by name, language")


def filled(sandbox: Sandbox, name: str, language: str, components: list[Component]) -> str:
    """The text of a message; raises 132000 for the wrong number of parameters, 132001 for an unknown template.

    Unless templates are strict, an unknown one is shown by its name and values.
    """
    template = find(sandbox, name, language)
    values = {part: _parameters(components, part) for part in ("header", "body")}
    # What a quick reply sends back is not for its reader's eyes.
    buttons = [
        parameter.shown
        for each in components
        if each.type.lower() == "button" and each.sub_type != "quick_reply"
        for parameter in each.parameters
    ]
    if template is None:
        if sandbox.settings.whatsapp_strict_templates:
            raise GraphError(404, 132001, f"template name ({name}) does not exist in {language}")
        shown = [parameter.shown for part in values.values() for parameter in part]
        return f"[{name}] {' | '.join(shown + [button for button in buttons if button not in shown])}".rstrip()
    lines = [
        _filled_part(template.parts[part.upper()], values[part]) for part in values if part.upper() in template.parts
    ]
    if "FOOTER" in template.parts:
        lines.append(template.parts["FOOTER"].text)
    offered = template.parts["BUTTONS"].buttons if "BUTTONS" in template.parts else []
    lines += [f"[{button.text}]" for button in offered if button.text]
    return "\n".join(line for line in lines if line)


def _parameters(components: list[Component], part: str) -> list[Parameter]:
    return [parameter for each in components if each.type.lower() == part for parameter in each.parameters]


def _filled_part(part: TemplatePart, given: list[Parameter]) -> str:
    places = list(dict.fromkeys(PLACEHOLDER.findall(part.text)))
    if part.text and len(places) != len(given):
        raise GraphError(
            400,
            132000,
            f"{part.type.lower()}: number of localizable_params ({len(given)}) does not match {len(places)}",
        )
    values = {parameter.parameter_name or str(number): parameter.shown for number, parameter in enumerate(given, 1)}
    return PLACEHOLDER.sub(lambda place: values.get(place.group(1), place.group()), part.text)
