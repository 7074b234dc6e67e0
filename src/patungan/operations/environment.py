"""The environment that every process of the platform is started with: what people set, filled up with what is generated."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from dotenv import dotenv_values

from patungan.operations.layout import OperationError
from patungan.operations.secrets import PLATFORM_SECRETS, PROVIDER_SECRETS
from patungan.registry import BOT_USER_ID, SERVICES, service_named

REAL_PROVIDER_KEY = "xnd_production"

SANDBOX_PATHS = {
    "XENDIT_API_URL": "/xendit",
    "WHATSAPP_API_URL": "/whatsapp",
    "FCM_API_URL": "/fcm",
    "SMS_API_URL": "/sms",
    "BITESHIP_API_URL": "/biteship",
    "JNE_API_URL": "/jne",
    "JNT_API_URL": "/jnt",
    "SICEPAT_API_URL": "/sicepat",
    "GOOGLE_MAPS_API_URL": "/maps",
}
"""Where the sandbox answers for each provider, by the variable that tells a client the provider's address."""

ALLOCATOR = {"MALLOC_ARENA_MAX": "2"}
"""glibc would keep a heap for every thread."""

NOT_INHERITED = ("HOST", "PORT", "WEB_PORT", "SERVICE_HOST", "PATUNGAN_SHAPE")
"""Variables that a shell may carry for its own reasons, or that the launcher decides: they do not reach the services."""

OURS = re.compile(
    r"^(PATUNGAN|SANDBOX|DATABASE|REDIS|JWT|OTP|SERVICE_TOKEN|DATA_ENCRYPTION|PUBLIC|CORS|LOG|BOT|XENDIT|WHATSAPP|FCM"
    r"|SMS|SMTP|SHIPPER|LOGISTICS_WEBHOOK|FLAT_RATE|LEG1|IMAGE|BITESHIP|JNE|JNT|SICEPAT|GOOGLE_MAPS|S3|AWS|OTEL|STORAGE|BACKUP)_|_(SERVICE|CALLBACK)_URL$"
)
"""Names of variables that belong to the platform, among all that a shell may carry."""


def configured(root: Path, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """What people set: the shell's variables over ``.env`` over ``services/<name>-service/.env``, as the services read them.

    A variable to which two services' files give different values is left to those services. Raises OperationError where
    that is the address of the one database or cache.
    """
    shell = {
        key: value
        for key, value in (os.environ if base is None else base).items()
        if value and OURS.search(key) and key not in NOT_INHERITED
    }
    files: dict[str, set[str]] = {}
    for entry in SERVICES:
        for key, value in _read(root / "services" / entry.process / ".env").items():
            files.setdefault(key, set()).add(value)
    files.pop("PORT", None)
    own = _read(root / ".env")
    for key in ("DATABASE_URL", "REDIS_URL"):
        if len(files.get(key, ())) > 1 and key not in own and key not in shell:
            raise OperationError(f"the services' .env files name different {key}s; the platform has one")
    shared = {key: values.pop() for key, values in files.items() if len(values) == 1}
    return shared | own | shell


def _read(file: Path) -> dict[str, str]:
    return {key: value for key, value in dotenv_values(file).items() if value} if file.is_file() else {}


def uses_sandbox(settings: Mapping[str, str]) -> bool:
    """Whether the providers are emulated: always, unless Xendit's real key is set."""
    return not settings.get("XENDIT_SECRET_KEY", "").startswith(REAL_PROVIDER_KEY)


def without_schema(url: str) -> str:
    """A database URL without Prisma's ``schema`` parameter (the guide's URLs have it), which PostgreSQL does not know."""
    parts = urlsplit(url)
    query = urlencode([(key, value) for key, value in parse_qsl(parts.query) if key != "schema"])
    return urlunsplit(parts._replace(query=query))


def composed(
    settings: Mapping[str, str],
    secrets: Mapping[str, str],
    *,
    data: Path,
    database_url: str,
    redis_url: str,
    gateway_url: str,
    sandbox_url: str | None,
    split: bool,
) -> dict[str, str]:
    """The platform's variables: the given settings, and for all that they leave open what was generated or follows."""
    filled = {name: secrets[name] for name in PLATFORM_SECRETS}
    filled |= {"PUBLIC_URL": gateway_url, "BOT_USER_ID": BOT_USER_ID, **ALLOCATOR}
    if sandbox_url is not None:
        filled |= {name: secrets[name] for name in PROVIDER_SECRETS}
        filled |= {name: sandbox_url + path for name, path in SANDBOX_PATHS.items()}
        filled["SANDBOX_DATA"] = str(data / "sandbox")
        filled["WHATSAPP_CALLBACK_URL"] = f"http://127.0.0.1:{service_named('whatsapp').port}/api/whatsapp/webhook"
        filled["LOGISTICS_CALLBACK_URL"] = f"http://127.0.0.1:{service_named('logistics').port}/api/webhooks/logistics"
    if split:
        filled["PATUNGAN_SHAPE"] = "split"
        filled |= {f"{entry.module.upper()}_SERVICE_URL": f"http://127.0.0.1:{entry.port}" for entry in SERVICES}
    fixed = {"PATUNGAN_DATA": str(data), "DATABASE_URL": without_schema(database_url), "REDIS_URL": redis_url}
    if sandbox_url is not None:
        fixed["SANDBOX_URL"] = sandbox_url
    return filled | dict(settings) | fixed
