"""Settings: typed groups read from the environment once, at the start, and refused there when missing, malformed or weak."""

from __future__ import annotations

import os
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from dotenv import dotenv_values

T = TypeVar("T", bound=msgspec.Struct)


class Secret(str):
    """Text that never shows itself in a representation or a log."""

    def __repr__(self) -> str:
        return "Secret(***)"


class SecretRule(msgspec.Struct, frozen=True):
    """How strong a secret must be in production: its least length, and a prefix that marks the real one."""

    min_length: int
    prefix: str = ""


class NotInProduction(msgspec.Struct, frozen=True):
    """Marks a setting of tests and simulations, which production refuses."""


PLACEHOLDERS = ("your-", "your_", "change-in-production", "changeme", "example", "_xxx", "placeholder", "password")


class SettingsError(Exception):
    """The environment cannot be used; carries one sentence a fault, each with its remedy."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that every service has."""

    environment: Annotated[str, "PATUNGAN_ENVIRONMENT: development or production"] = "development"
    database_url: Annotated[Secret, "DATABASE_URL: the PostgreSQL database", SecretRule(1)] = Secret("")
    database_role_secret: Annotated[Secret, "DATABASE_ROLE_SECRET: derives each service role's password"] = Secret("")
    redis_url: Annotated[Secret, "REDIS_URL: Valkey or Redis 7+", SecretRule(1)] = Secret("")
    jwt_secret: Annotated[Secret, "JWT_SECRET: signs access tokens", SecretRule(64)] = Secret("")
    service_token_secret: Annotated[Secret, "SERVICE_TOKEN_SECRET: signs service tokens", SecretRule(64)] = Secret("")
    public_url: Annotated[str, "PUBLIC_URL: where people reach the gateway"] = "http://127.0.0.1:8080"
    cors_origins: Annotated[str, "CORS_ORIGINS: comma-separated origins that browsers may call from"] = ""
    log_level: Annotated[str, "LOG_LEVEL"] = "info"
    database_pool_size: Annotated[int, "DATABASE_POOL_SIZE: connections a service keeps at most"] = 6
    patungan_clock_file: Annotated[
        str, "PATUNGAN_CLOCK_FILE: how far the clock of all processes is ahead; for simulations", NotInProduction()
    ] = ""

    @property
    def production(self) -> bool:
        return self.environment == "production"


def environment_for(process: str, root: Path | None = None, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of one service: the process's own, then ``services/<name>-service/.env``, then the root ``.env``."""
    folder = root or Path.cwd()
    merged: dict[str, str] = {}
    for file in (folder / ".env", folder / "services" / process / ".env"):
        if file.is_file():
            merged.update({key: value for key, value in dotenv_values(file).items() if value is not None})
    merged.update(os.environ if base is None else base)
    return merged


def load(settings: type[T], environment: Mapping[str, str], *, service: str = "") -> T:
    """Read a settings group; raises SettingsError naming each variable at fault and how to mend it."""
    faults: list[str] = []
    values: dict[str, Any] = {}
    production = environment.get("PATUNGAN_ENVIRONMENT", "development") == "production"
    fields = {field.name: field for field in msgspec.structs.fields(settings)}
    for name, hint in get_type_hints(settings, include_extras=True).items():
        if name not in fields:
            continue
        kind, rule, simulated = _unwrap(hint)
        variable = name.upper() if name != "environment" else "PATUNGAN_ENVIRONMENT"
        raw = environment.get(variable)
        if raw is not None and raw != "":
            try:
                values[name] = _parse(kind, raw)
            except ValueError as error:
                faults.append(f"{variable}: {error}")
        elif fields[name].required:
            faults.append(f"{variable} is not set; set it in the environment or in .env")
        if production and rule is not None:
            faults.extend(_weakness(variable, raw or "", rule))
        if production and simulated and raw:
            faults.append(f"{variable} is for tests and simulations; production does not start with it: unset it")
    if faults:
        prefix = f"{service}: " if service else ""
        raise SettingsError([prefix + fault for fault in faults])
    return settings(**values)


def _unwrap(hint: Any) -> tuple[Any, SecretRule | None, bool]:
    """The plain type of a setting, how strong it must be, and whether it is one of simulations."""
    rule: SecretRule | None = None
    simulated = False
    if get_origin(hint) is Annotated:
        kind, *extras = get_args(hint)
        rule = next((extra for extra in extras if isinstance(extra, SecretRule)), None)
        simulated = any(isinstance(extra, NotInProduction) for extra in extras)
        hint = kind
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(member for member in get_args(hint) if member is not type(None))
    return hint, rule, simulated


def _parse(kind: Any, raw: str) -> Any:
    if kind is bool:
        if raw.lower() in ("1", "true", "yes", "on"):
            return True
        if raw.lower() in ("0", "false", "no", "off"):
            return False
        raise ValueError(f"{raw!r} is neither true nor false")
    if kind is int:
        try:
            return int(raw)
        except ValueError:
            raise ValueError(f"{raw!r} is not a whole number") from None
    if kind is float:
        return float(raw)
    return typing.cast("type[str]", kind)(raw)


def _weakness(variable: str, value: str, rule: SecretRule) -> list[str]:
    if not value:
        return [f"{variable} is not set; production does not start without it"]
    lowered = value.lower()
    found = [
        f"{variable} holds a placeholder; put a real value there (for a secret: openssl rand -hex 48)"
        for mark in PLACEHOLDERS
        if mark in lowered and rule.min_length > 1
    ][:1]
    if len(value) < rule.min_length:
        found.append(
            f"{variable} is {len(value)} characters long, at least {rule.min_length} are needed; openssl rand -hex 48"
        )
    elif rule.min_length >= 32 and len(set(value)) < 12:
        found.append(f"{variable} repeats too few characters to be random; make one with openssl rand -hex 48")
    if rule.prefix and not value.startswith(rule.prefix):
        found.append(f"{variable} must start with {rule.prefix} in production")
    return found
