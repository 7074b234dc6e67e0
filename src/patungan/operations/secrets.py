"""The secrets of one installation: made at random on first use, kept in a file that only its owner can read."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from pathlib import Path

from patungan.operations.layout import OperationError, write_private


def _token() -> str:
    return secrets.token_urlsafe(36)


def _long_token() -> str:
    return secrets.token_hex(48)


def _encryption_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _xendit_key() -> str:
    return f"xnd_development_{secrets.token_urlsafe(36)}"


def _password() -> str:
    return secrets.token_urlsafe(12)


_SERVER_PASSWORDS = ("DATABASE_PASSWORD", "REDIS_PASSWORD")

GENERATED: dict[str, Callable[[], str]] = {
    "DATABASE_PASSWORD": lambda: secrets.token_hex(24),
    "DATABASE_ROLE_SECRET": _long_token,
    "REDIS_PASSWORD": lambda: secrets.token_hex(24),
    "JWT_SECRET": _long_token,
    "SERVICE_TOKEN_SECRET": _long_token,
    "DATA_ENCRYPTION_KEY": _encryption_key,
    "XENDIT_SECRET_KEY": _xendit_key,
    "XENDIT_WEBHOOK_VERIFICATION_TOKEN": _token,
    "WHATSAPP_API_TOKEN": _token,
    "WHATSAPP_APP_SECRET": _token,
    "SMS_API_KEY": _token,
    "JNE_API_KEY": _token,
    "JNT_API_KEY": _token,
    "SICEPAT_API_KEY": _token,
    "GOOGLE_MAPS_API_KEY": _token,
    "BITESHIP_API_KEY": _token,
    "BITESHIP_WEBHOOK_SIGNATURE_SECRET": _token,
    "DEMO_ADMIN_PASSWORD": _password,
    "DEMO_STAFF_PASSWORD": _password,
    "DEMO_FACTORY_PASSWORD": _password,
    "DEMO_BUYER_PASSWORD": _password,
}
"""Every secret by the name of its variable; a name added here is made at the next start of an older installation."""

PLATFORM_SECRETS = ("DATABASE_ROLE_SECRET", "JWT_SECRET", "SERVICE_TOKEN_SECRET", "DATA_ENCRYPTION_KEY")
"""What the services share with each other."""

DEMONSTRATION_PASSWORDS = tuple(name for name in GENERATED if name.startswith("DEMO_"))
"""Of the people that the seed makes; the processes need none of them."""

PROVIDER_SECRETS = tuple(
    name for name in GENERATED if name not in (*PLATFORM_SECRETS, *_SERVER_PASSWORDS, *DEMONSTRATION_PASSWORDS)
)
"""What the services share with the sandbox; a real provider gives out its own, so these are never used with one."""


def load_or_create(path: Path) -> dict[str, str]:
    """Read the installation's secrets, making those that are missing; raises OperationError for an unreadable file."""
    known: dict[str, str] = {}
    if path.exists():
        try:
            known = {str(key): str(value) for key, value in json.loads(path.read_bytes()).items()}
        except (ValueError, AttributeError, OSError) as error:
            raise OperationError(
                f"{path} cannot be read ({error}); put back the file from a backup, or start afresh with --reset"
            ) from error
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    missing = {name: make() for name, make in GENERATED.items() if not known.get(name)}
    if missing:
        known |= missing
        write_private(path, json.dumps(known, indent=2).encode() + b"\n")
    return known
