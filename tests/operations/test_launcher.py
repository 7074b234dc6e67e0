"""The launcher: when it builds an environment, when it only adds to one, and that it never strips one it did not make."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from patungan.operations.layout import REPOSITORY


@pytest.fixture
def launcher(tmp_path: Path) -> ModuleType:
    """The launcher as a module, looking at a repository of its own."""
    loader = importlib.machinery.SourceFileLoader("patungan_launcher", str(REPOSITORY / "patungan"))
    spec = importlib.util.spec_from_loader("patungan_launcher", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    for name in ("RUNTIME_LOCK", "TEST_LOCK", "BOOTSTRAP_LOCK"):
        path = tmp_path / Path(getattr(module, name)).name
        path.write_text(f"# {name}\n")
        setattr(module, name, str(path))
    venv = tmp_path / ".venv"
    places = {
        "ROOT": tmp_path,
        "VENV": venv,
        "PYTHON": venv / "bin" / "python",
        "UV": venv / "bin" / "uv",
        "STAMP": venv / "patungan-stamp.json",
        "UNFINISHED": venv / "patungan-unfinished",
    }
    for name, path in places.items():
        setattr(module, name, str(path))
    return module


@pytest.fixture
def installs(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What was installed, as whether the tests' packages were; nothing is fetched."""
    done: list[bool] = []
    monkeypatch.setattr(launcher, "install", done.append)
    return done


def test_a_second_start_installs_nothing(launcher: ModuleType, installs: list[bool]) -> None:
    launcher.ensure_environment(for_tests=False)
    launcher.ensure_environment(for_tests=False)
    assert installs == [False]
    stamp = json.loads(Path(launcher.STAMP).read_text())
    assert (stamp["root"], stamp["tests"]) == (launcher.ROOT, None)
    assert not Path(launcher.UNFINISHED).exists()


def test_the_test_tools_are_added_and_stay(launcher: ModuleType, installs: list[bool]) -> None:
    launcher.ensure_environment(for_tests=False)
    launcher.ensure_environment(for_tests=True)
    launcher.ensure_environment(for_tests=False)
    Path(launcher.RUNTIME_LOCK).write_text("# newer\n")
    launcher.ensure_environment(for_tests=False)
    assert installs == [False, True, True]


def test_an_environment_that_someone_else_made_is_only_added_to(launcher: ModuleType, installs: list[bool]) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", launcher.VENV], check=True)
    theirs = Path(launcher.VENV) / "their-tool"
    theirs.write_text("keep me")
    launcher.ensure_environment(for_tests=False)
    assert installs == [False]
    assert theirs.read_text() == "keep me"


def test_installing_never_removes_a_package(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def record(command: list[str], quiet: bool = False, environment: dict[str, str] | None = None) -> bool:
        commands.append(command)
        return True

    monkeypatch.setattr(launcher, "run", record)
    monkeypatch.setattr(launcher, "uv_environment", lambda _pip: {})
    monkeypatch.setattr(launcher, "find_uv", lambda _pip: "/bin/uv")
    launcher.install(False)
    assert commands[-1][:3] == ["/bin/uv", "pip", "install"]
    assert "--require-hashes" in commands[-1]
    assert not any(word in ("sync", "uninstall") for command in commands for word in command)


def test_a_half_built_or_moved_environment_is_made_anew(launcher: ModuleType, installs: list[bool]) -> None:
    launcher.make_venv()
    remains = Path(launcher.VENV) / "half-installed"
    remains.touch()
    launcher.ensure_environment(for_tests=False)
    assert not remains.exists()
    stamp = json.loads(Path(launcher.STAMP).read_text())
    Path(launcher.STAMP).write_text(json.dumps({**stamp, "root": "/where/it/was/before"}))
    remains.touch()
    launcher.ensure_environment(for_tests=False)
    assert not remains.exists()
    assert installs == [False, False]


def test_pip_is_the_fallback_and_checks_hashes_too(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def record(command: list[str], quiet: bool = False, environment: dict[str, str] | None = None) -> bool:
        commands.append(command)
        return command[0] != "/bin/uv"

    monkeypatch.setattr(launcher, "run", record)
    monkeypatch.setattr(launcher, "uv_environment", lambda _pip: {})
    monkeypatch.setattr(launcher, "find_uv", lambda _pip: "/bin/uv")
    launcher.install(True)
    assert commands[-1] == [
        *(
            launcher.PYTHON,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "-r",
            launcher.TEST_LOCK,
        ),
    ]
