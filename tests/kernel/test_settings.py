"""Settings are refused at the start where they are missing, malformed or weak; logs never show them."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from patungan.kernel.logs import redact
from patungan.kernel.settings import Common, Secret, SettingsError, environment_for, load

STRONG = {
    "PATUNGAN_ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://patungan@db/ecommerce",
    "REDIS_URL": "redis://cache:6379",
    "JWT_SECRET": secrets.token_hex(48),
    "SERVICE_TOKEN_SECRET": secrets.token_hex(48),
}


def test_strong_settings_are_taken() -> None:
    settings = load(Common, STRONG)
    assert settings.production
    assert settings.jwt_secret == STRONG["JWT_SECRET"]
    assert "Secret(***)" in repr(settings)
    assert STRONG["JWT_SECRET"] not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("JWT_SECRET", "", "JWT_SECRET is not set"),
        ("JWT_SECRET", "short", "at least 64"),
        ("JWT_SECRET", "your-super-secret-jwt-key-change-in-production-" + "x" * 40, "placeholder"),
        ("JWT_SECRET", "ab" * 40, "repeats too few characters"),
        ("DATABASE_URL", "", "DATABASE_URL is not set"),
        ("PATUNGAN_CLOCK_FILE", "/tmp/a-clock", "is for tests and simulations"),
        ("DATABASE_POOL_SIZE", "many", "'many' is not a whole number"),
    ],
)
def test_production_does_not_start_with_it(variable: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(Common, {**STRONG, variable: value}, service="auth-service")
    assert any(
        variable in fault and said in fault and fault.startswith("auth-service") for fault in refused.value.faults
    )
    assert not value or len(value) < 10 or value not in str(refused.value)


def test_development_starts_without_secrets() -> None:
    assert load(Common, {}).environment == "development"


def test_a_service_s_own_file_goes_before_the_root_s_and_the_environment_before_both(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=error\nCORS_ORIGINS=https://a.example\n")
    own = tmp_path / "services" / "auth-service"
    own.mkdir(parents=True)
    (own / ".env").write_text("LOG_LEVEL=warning\nPORT=4001\n")
    assert environment_for("auth-service", tmp_path, {})["LOG_LEVEL"] == "warning"
    merged = environment_for("auth-service", tmp_path, {"LOG_LEVEL": "debug"})
    assert (merged["LOG_LEVEL"], merged["PORT"], merged["CORS_ORIGINS"]) == ("debug", "4001", "https://a.example")


@pytest.mark.parametrize(
    "value",
    ["call +6281234567890 now", "Bearer eyJhbGciOi.eyJzdWIi.c2ln", "xnd_production_abc123", "sari@example.id"]
    + ["postgresql://user:pass@db/x"],
)
def test_logs_hide_personal_data_by_its_look(value: str) -> None:
    event = redact(None, "info", {"event": value})
    assert "***" in event["event"]
    for hidden in ("81234567890", "eyJzdWIi", "abc123", "sari@", "pass@"):
        assert hidden not in event["event"]


def test_logs_hide_secrets_by_their_name() -> None:
    event = redact(None, "info", {"event": "signed in", "password": "p", "otp_code": "123456", "phone": "0812", "n": 3})
    assert (event["password"], event["otp_code"], event["phone"], event["n"]) == ("***", "***", "***", 3)
    assert repr(Secret("abc")) == "Secret(***)"
