"""What an installation keeps on disk: the data directory, its secrets, its ports, its environment."""

from __future__ import annotations

import base64
import json
import os
import socket
import stat
from pathlib import Path

import pytest

from patungan.operations import environment, layout, ports, secrets
from patungan.operations.layout import DataDirectory, OperationError, write_private
from patungan.operations.plan import UpOptions, migrations_digest, new_state
from patungan.operations.stack import RunningStack, StackState, read_state, write_state
from patungan.registry import SERVICES


def test_secrets_are_strong_private_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = secrets.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(made["DATABASE_PASSWORD"]) >= 32
    assert len(made["JWT_SECRET"]) >= 64
    assert len(made["SERVICE_TOKEN_SECRET"]) >= 64
    assert len(base64.b64decode(made["DATA_ENCRYPTION_KEY"], validate=True)) == 32
    assert made["XENDIT_SECRET_KEY"].startswith("xnd_development_")
    assert len(set(made.values())) == len(secrets.GENERATED)
    assert secrets.load_or_create(path) == made


def test_a_secret_that_a_newer_version_needs_is_added_and_the_rest_kept(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = secrets.load_or_create(path)
    path.write_text(json.dumps({key: value for key, value in made.items() if key != "SMS_API_KEY"}))
    path.chmod(0o644)
    again = secrets.load_or_create(path)
    assert again["SMS_API_KEY"] not in ("", made["SMS_API_KEY"])
    assert {**again, "SMS_API_KEY": made["SMS_API_KEY"]} == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_unreadable_secrets_are_not_silently_replaced(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text("{")
    with pytest.raises(OperationError, match="cannot be read"):
        secrets.load_or_create(path)
    assert path.read_text() == "{"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    write_private(path, b"old")

    def refuse(_descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_private(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


def test_only_a_data_directory_is_ever_emptied(tmp_path: Path) -> None:
    foreign = tmp_path / "home"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("years of work")
    for action in (DataDirectory(foreign).wipe, DataDirectory(foreign).create):
        with pytest.raises(OperationError):
            action()
    assert (foreign / "thesis.txt").exists()
    ours = DataDirectory(tmp_path / "data")
    ours.create()
    (ours.root / "postgres").mkdir()
    ours.state.write_text("{}")
    ours.wipe()
    assert {entry.name for entry in ours.root.iterdir()} == {".patungan"}


def test_the_socket_of_a_deep_directory_fits_the_system(tmp_path: Path) -> None:
    deep = DataDirectory(tmp_path / ("d" * 60) / ("e" * 60))
    deep.create()
    try:
        assert len(os.fsencode(deep.socket)) <= layout.LONGEST_SOCKET_PATH
        assert stat.S_IMODE(deep.socket.parent.stat().st_mode) == 0o700
        near = Path("/srv/patungan")
        assert DataDirectory(near).socket.parent == near
    finally:
        deep.socket.parent.rmdir()


def test_a_held_port_is_named_with_its_process() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not ports.is_free(port)
        with pytest.raises(ports.PortsInUse) as caught:
            ports.require_free({port: "auth-service"})
        assert ports.free_port(port) != port
    said = str(caught.value)
    assert f"port {port}, which auth-service needs, is held by" in said
    assert f"process {os.getpid()}" in said
    ports.require_free({port: "auth-service"})


def test_files_and_shell_are_read_in_the_order_of_the_services(tmp_path: Path) -> None:
    for service, text in (
        ("auth", "PORT=3001\nJWT_SECRET=from-auth\nLOG_LEVEL=a\nOTP_EXPIRY_MINUTES=5"),
        ("order", "PORT=3006\nLOG_LEVEL=b\nOTP_EXPIRY_MINUTES=5"),
    ):
        folder = tmp_path / "services" / f"{service}-service"
        folder.mkdir(parents=True)
        (folder / ".env").write_text(text)
    (tmp_path / ".env").write_text("JWT_SECRET=from-root\nSMTP_HOST=mail\nREDIS_URL=\n")
    shell = {"SMTP_HOST": "shell", "HOME": "/root", "PORT": "1", "DATABASE_URL": ""}
    assert environment.configured(tmp_path, shell) == {
        "JWT_SECRET": "from-root",
        "SMTP_HOST": "shell",
        "OTP_EXPIRY_MINUTES": "5",
    }


def test_two_databases_are_one_too_many(tmp_path: Path) -> None:
    for name, host in (("auth", "a"), ("order", "b")):
        folder = tmp_path / "services" / f"{name}-service"
        folder.mkdir(parents=True)
        (folder / ".env").write_text(f"DATABASE_URL=postgresql://{host}/ecommerce")
    with pytest.raises(OperationError, match="DATABASE_URL"):
        environment.configured(tmp_path, {})
    assert environment.configured(tmp_path, {"DATABASE_URL": "postgresql://c/x"})["DATABASE_URL"] == "postgresql://c/x"


def compose(settings: dict[str, str], *, sandbox: str | None, split: bool = False) -> dict[str, str]:
    generated = {name: f"generated-{name}" for name in secrets.GENERATED}
    return environment.composed(
        settings,
        generated,
        data=Path("/data"),
        database_url="postgresql://u:p%40@h:5/ecommerce?schema=public&sslmode=require",
        redis_url="redis://:p@h:6/0",
        gateway_url="http://127.0.0.1:8080",
        sandbox_url=sandbox,
        split=split,
    )


def test_what_people_set_is_kept_and_the_rest_is_generated() -> None:
    made = compose({"JWT_SECRET": "own", "PUBLIC_URL": "https://shop.id"}, sandbox="http://127.0.0.1:3900")
    assert (made["JWT_SECRET"], made["PUBLIC_URL"]) == ("own", "https://shop.id")
    assert made["SERVICE_TOKEN_SECRET"] == "generated-SERVICE_TOKEN_SECRET"
    assert made["DATABASE_URL"] == "postgresql://u:p%40@h:5/ecommerce?sslmode=require"
    assert made["XENDIT_API_URL"] == "http://127.0.0.1:3900/xendit"
    assert not {"DATABASE_PASSWORD", "REDIS_PASSWORD", "PATUNGAN_SHAPE"} & set(made)
    assert not any(name.endswith("_SERVICE_URL") for name in made)


def test_real_providers_get_no_invented_keys() -> None:
    assert not environment.uses_sandbox({"XENDIT_SECRET_KEY": "xnd_production_x"})
    assert environment.uses_sandbox({"XENDIT_SECRET_KEY": "xnd_development_x"}) and environment.uses_sandbox({})
    made = compose({"XENDIT_SECRET_KEY": "xnd_production_x"}, sandbox=None)
    assert made["XENDIT_SECRET_KEY"] == "xnd_production_x"
    assert not {"WHATSAPP_API_TOKEN", "SMS_API_KEY", "SANDBOX_URL", "XENDIT_API_URL"} & set(made)


def test_sixteen_processes_know_each_other() -> None:
    made = compose({"ORDER_SERVICE_URL": "http://elsewhere"}, sandbox=None, split=True)
    assert made["PATUNGAN_SHAPE"] == "split"
    assert made["ORDER_SERVICE_URL"] == "http://elsewhere"
    assert made["GROUP_BUYING_SERVICE_URL"] == "http://127.0.0.1:3004"
    assert sum(name.endswith("_SERVICE_URL") for name in made) == len(SERVICES)


def test_the_state_comes_back_as_it_was_written(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    assert read_state(data) is None
    state = StackState(split=True, environment={"DATABASE_URL": "d", "REDIS_URL": "r", "SANDBOX_URL": "s"})
    write_state(data, state)
    assert read_state(data) == state
    assert stat.S_IMODE(data.state.stat().st_mode) == 0o600
    stack = RunningStack.of(state)
    assert (stack.database_url, stack.redis_url, stack.sandbox_url) == ("d", "r", "s")
    assert (stack.gateway_url, stack.split, stack.role_secret) == ("http://127.0.0.1:8080", True, "")
    data.state.write_text("{")
    with pytest.raises(OperationError, match="--reset"):
        read_state(data)


def test_another_database_is_seeded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/ecommerce")
    embedded = StackState(postgres_port=54329, seeded=True, migrated="digest")
    moved = new_state(UpOptions(rate="off"), embedded)
    assert (moved.postgres_port, moved.seeded, moved.migrated, moved.rate) == (None, False, "", None)
    assert new_state(UpOptions(), StackState(seeded=True)).seeded


def test_the_migrations_digest_tells_a_changed_file(tmp_path: Path) -> None:
    file = tmp_path / "0001.sql"
    file.write_text("select 1")
    before = migrations_digest([file])
    assert migrations_digest([file]) == before
    file.write_text("select 2")
    assert migrations_digest([file]) != before
