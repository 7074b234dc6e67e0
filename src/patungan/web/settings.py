"""The storefront's settings: where the services are, and the secret that its form tokens are derived from."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Annotated

import msgspec

from patungan.kernel.settings import Secret, SecretRule, SettingsError, load
from patungan.registry import SERVICES


class WebSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the storefront reads from the environment. It has no database."""

    environment: Annotated[str, "PATUNGAN_ENVIRONMENT: development or production"] = "development"
    jwt_secret: Annotated[Secret, "JWT_SECRET: signs access tokens", SecretRule(64)] = Secret("")
    service_token_secret: Annotated[Secret, "SERVICE_TOKEN_SECRET: signs service tokens", SecretRule(64)] = Secret("")
    public_url: Annotated[str, "PUBLIC_URL: where people reach the gateway"] = "http://127.0.0.1:8080"
    sandbox_url: Annotated[str, "SANDBOX_URL: where the emulated providers show what they were sent"] = ""

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def form_secret(self) -> str:
        """Signs the double-submit tokens of forms: derived, so that it is never the secret of anything else."""
        source = self.service_token_secret or self.jwt_secret
        return hmac.new(source.encode(), b"patungan web forms", hashlib.sha256).hexdigest()


def web_settings(environment: Mapping[str, str]) -> WebSettings:
    """Read the settings; raises SettingsError naming each variable at fault."""
    settings = load(WebSettings, environment, service="web")
    if not (settings.service_token_secret or settings.jwt_secret):
        raise SettingsError(["web: SERVICE_TOKEN_SECRET is not set; set it in the environment or in .env"])
    return settings


def service_urls(environment: Mapping[str, str]) -> dict[str, str]:
    """Where each service answers: ``WALLET_SERVICE_URL`` and its like, else the service's port on this host."""
    host = environment.get("SERVICE_HOST", "127.0.0.1")
    return {
        entry.name: environment.get(f"{entry.module.upper()}_SERVICE_URL") or f"http://{host}:{entry.port}"
        for entry in SERVICES
    }
