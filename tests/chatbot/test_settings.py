"""Settings: every option has its variable, and what contradicts is refused by name."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from chatbot import space as space_of
from chatbot.common.errors import SettingsError
from chatbot.options import flag, variable
from chatbot.settings import load


def test_defaults_and_precedence() -> None:
    assert load([], {}).port == 7860
    assert load([], {"BANYAN_PORT": "8000"}).port == 8000
    assert load(["--port", "9000"], {"BANYAN_PORT": "8000"}).port == 9000


def test_help_names_every_option_and_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        load(["--help"], {})
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    for name in (
        "model",
        "engine",
        "host",
        "port",
        "data",
        "api_key",
        "auth",
        "base_url",
        "context",
        "slots",
        "cache_mib",
        "threads",
    ):
        assert flag(name) in shown
        assert variable(name) in shown


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (["--prot", "1"], {}, ["--prot"]),
        ([], {"BANYAN_PROT": "1"}, ["BANYAN_PROT", "BANYAN_PORT"]),
        (["--port", "x"], {}, ["--port", "'x'"]),
        ([], {"BANYAN_PORT": "70000"}, ["--port", "BANYAN_PORT", "65535"]),
        (["--engine", "vllm"], {}, ["--engine", "BANYAN_ENGINE", "remote"]),
        (["--engine", "remote"], {}, ["--engine", "--base-url"]),
        (["--engine", "llamacpp", "--base-url", "http://x/v1"], {}, ["--base-url", "--engine"]),
        (["--base-url", "x"], {}, ["--base-url", "http://"]),
        (["--quantize", "nf4", "--engine", "llamacpp"], {}, ["--quantize", "--engine"]),
        (["--exact", "on", "--engine", "local"], {}, ["--exact", "--engine"]),
        (["--cache-mib", "64", "--engine", "llamacpp"], {}, ["--cache-mib", "--engine"]),
        (["--remote-key", "k"], {}, ["--remote-key", "--base-url"]),
        (["--notify", "ftp://example.org"], {}, ["--notify", "BANYAN_NOTIFY", "https://"]),
        (["--oidc", "https://x.org"], {}, ["--oidc", "--oidc-client", "BANYAN_OIDC_SECRET"]),
        (["--oidc", "http://x.org", "--oidc-client", "a", "--oidc-secret", "b"], {}, ["--oidc", "https://"]),
        (["--oidc-admins", "ann"], {}, ["--oidc"]),
        (["--auth", "/nowhere/users.json"], {}, ["--auth", "BANYAN_AUTH", "chatbot.users"]),
    ],
)
def test_faults_are_refused_by_name(arguments: list[str], environment: dict[str, str], named: list[str]) -> None:
    with pytest.raises(SettingsError) as fault:
        load(arguments, environment)
    for name in named:
        assert name in str(fault.value)


def test_a_space_listens_to_its_proxy() -> None:
    space = {"SPACE_ID": "me/banyan", "GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": "7861"}
    settings = load([], space)
    assert (settings.space, settings.host, settings.port) == (True, "0.0.0.0", 7861)
    assert load(["--port", "1234"], space).port == 1234


def test_a_space_with_hf_oauth_signs_people_in_at_the_hub() -> None:
    told = {"OPENID_PROVIDER_URL": "https://huggingface.co", "OAUTH_CLIENT_ID": "a", "OAUTH_CLIENT_SECRET": "b"}
    settings = load([], {"SPACE_ID": "me/banyan", **told})
    assert (settings.oidc, settings.oidc_client, settings.oidc_secret) == tuple(told.values())
    assert settings.admins == {"me"}, "whoever the Space belongs to"
    assert load([], {"SPACE_ID": "me/banyan"}).oidc == load([], told).oidc == ""


def test_a_space_keeps_no_database_on_a_bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mounts = [
        SimpleNamespace(mountpoint=path, fstype=kind)
        for path, kind in ((tmp_path.anchor, "ext4"), (str(tmp_path), "fuse.hf"))
    ]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: mounts)
    monkeypatch.setattr(space_of, "DISK", tmp_path)
    space = {"SPACE_ID": "me/banyan"}
    assert load([], space).data != tmp_path
    with pytest.raises(SettingsError, match=r"bucket.*BANYAN_DATABASE"):
        load(["--data", str(tmp_path / "banyan")], space)
    assert load(["--data", str(tmp_path), "--database", "postgresql://a:b@c/d"], space).data == tmp_path
    mounts.pop()
    assert load([], space).data == tmp_path, "a disk of its own"


def test_a_space_forgets_unless_it_has_a_disk_or_a_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    space = {"SPACE_ID": "me/banyan"}
    assert load([], space).forgets and not load([], {}).forgets
    assert not load(["--database", "postgresql://a:b@c/d"], space).forgets
    monkeypatch.setattr(space_of, "DISK", tmp_path)
    assert not load([], space).forgets
    assert load(["--data", "elsewhere"], space).forgets


def test_secrets_are_not_shown() -> None:
    assert "hush" not in repr(load(["--api-key", "hush" * 4], {}))


def test_paths_become_paths(tmp_path: Path) -> None:
    assert load(["--data", str(tmp_path)], {}).data == tmp_path


@pytest.mark.parametrize("key", ["", "secret", "x" * 15])
def test_a_key_that_somebody_guesses_is_refused_wherever_it_is_set(key: str) -> None:
    """An empty one is no key, and /v1 would stand open without a word."""
    for arguments, environment in ((["--api-key", key], {}), ([], {"BANYAN_API_KEY": key})):
        with pytest.raises(SettingsError, match="BANYAN_API_KEY"):
            load(arguments, environment)
    assert load(["--api-key", "x" * 16], {}).api_key == "x" * 16


@pytest.mark.parametrize(
    ("arguments", "fetches"),
    [
        ([], True),
        (["--host", "localhost"], True),
        (["--web", "off"], False),
        (["--host", "0.0.0.0"], False),
        (["--hosts", "banyan.example.org"], False),
        (["--root-path", "/banyan"], False),
        (["--oidc", "https://x.org", "--oidc-client", "a", "--oidc-secret", "b"], False),
        (["--host", "0.0.0.0", "--web", "on"], True),
    ],
)
def test_a_server_for_others_fetches_no_pages_unless_it_is_told_to(arguments: list[str], fetches: bool) -> None:
    assert load(arguments, {}).fetches_pages is fetches
    assert not load([], {"SPACE_ID": "ann/banyan"}).fetches_pages


def test_who_signs_in_is_somebody_else_whose_addresses_are_not_fetched(tmp_path: Path) -> None:
    users = tmp_path / "users.json"
    users.write_text("{}")
    assert not load(["--auth", str(users)], {}).fetches_pages


def test_hosts_are_names_in_a_row() -> None:
    assert load(["--hosts", " Banyan.example.org, b.example "], {}).names == {"banyan.example.org", "b.example"}
    assert load([], {}).names == frozenset()
