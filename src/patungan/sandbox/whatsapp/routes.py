"""WhatsApp's paths under ``/whatsapp``: messages, templates and the sender's own number, behind the bearer token."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec
from litestar import Request, Router, get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from patungan.sandbox.context import GivenSandbox, Sandbox
from patungan.sandbox.whatsapp import cloud, templates
from patungan.sandbox.whatsapp.errors import GraphError, answer_error, error_body, read_json

AnyRequest = Request[Any, Any, Any]


def require_token(connection: ASGIConnection[Any, Any, Any, Any], __: BaseRouteHandler) -> None:
    """Guard; raises 401 with code 0 without a token and 190 with a wrong one."""
    sandbox: Sandbox = connection.app.state.sandbox
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise GraphError(401, 0, "An access token is required to request this resource")
    if not hmac.compare_digest(token.encode(), sandbox.settings.whatsapp_api_token.encode()):
        raise GraphError(401, 190, "The access token is not valid")


@post("/{version:str}/{phone_number_id:str}/messages", status_code=200, opt={"operation": "send_message"})
async def send_message(
    version: FromPath[str], phone_number_id: FromPath[str], request: AnyRequest, sandbox: GivenSandbox
) -> dict[str, object]:
    if not version.startswith("v"):
        raise GraphError(400, 100, f"Unknown version {version}")
    return cloud.send(sandbox, phone_number_id, await read_json(request, cloud.SendMessage))


@post("/{version:str}/{account_id:str}/message_templates", status_code=200, opt={"operation": "create_template"})
async def create_template(request: AnyRequest, sandbox: GivenSandbox) -> dict[str, object]:
    template = templates.create(sandbox, await read_json(request, templates.CreateTemplate))
    return {"id": template.id, "status": "APPROVED", "category": template.category}


@get("/{version:str}/{account_id:str}/message_templates", opt={"operation": "list_templates"})
async def list_templates(sandbox: GivenSandbox) -> dict[str, object]:
    data = [
        {
            "id": template.id,
            "name": template.name,
            "language": template.language,
            "category": template.category,
            "status": "APPROVED",
            "components": msgspec.json.decode(template.components),
        }
        for template in templates.every(sandbox)
    ]
    return {"data": data, "paging": {}}


@get("/{version:str}/{phone_number_id:str}", opt={"operation": "get_phone_number"})
async def get_phone_number(phone_number_id: FromPath[str], sandbox: GivenSandbox) -> dict[str, object]:
    return {
        "id": phone_number_id,
        "verified_name": sandbox.settings.merchant_name,
        "display_phone_number": f"+{cloud.DISPLAY_NUMBER}",
        "quality_rating": "GREEN",
        "code_verification_status": "VERIFIED",
    }


def whatsapp_router() -> Router:
    return Router(
        "/whatsapp",
        route_handlers=[send_message, create_template, list_templates, get_phone_number],
        guards=[require_token],
        opt={"provider": "whatsapp", "error_body": error_body},
        exception_handlers={GraphError: answer_error},
    )
