"""Keys of users: what they open, that they are kept as hashes, and that taking one away counts at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from chatbot import keys as command
from chatbot.api.keys import Door, Keys
from chatbot.common.errors import InputError, StoreError
from chatbot.engine.scripted import ScriptedEngine
from chatbot.types import Adapter
from tests.chatbot.api.test_routes import ASK, app

ENGINE = ScriptedEngine(model="tree", adapters=[Adapter("shared"), Adapter("hers", owner="user:ann")])


def models(door: Door, key: str, header: str = "Authorization") -> Any:
    sent = {header: f"Bearer {key}" if header == "Authorization" else key} if key else {}
    with TestClient(app(ENGINE, door=door)) as http:
        answer = http.get("/v1/models", headers=sent)
        if answer.status_code != 200:
            return answer.status_code
        body = {"model": "hers", "messages": ASK}
        used = http.post("/v1/chat/completions", json=body, headers=sent).status_code
    return [card["id"] for card in answer.json()["data"]], used


OWN, OTHERS = (["tree", "shared", "hers"], 200), (["tree", "shared"], 404)


def test_a_key_acts_for_its_user_and_for_nobody_else(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys.json")
    ann, eve = keys.make("ann", "notebook"), keys.make("eve", "")
    closed = Door(closed=True, keys=keys)
    assert (models(closed, ann), models(closed, eve)) == (OWN, OTHERS)
    assert models(closed, ann, "x-api-key") == OWN, "as Anthropic's clients send it"
    assert (models(closed, ""), models(closed, f"{ann}x"), models(closed, ann[:-1])) == (401, 401, 401)
    served = Door("the server's own", keys=keys)
    assert (models(served, ann), models(served, "the server's own"), models(served, "")) == (OWN, OTHERS, 401)
    assert models(Door(keys=keys), "") == OTHERS
    assert models(Door(closed=True, keys=keys, known=lambda name: name == "eve"), ann) == 401, "no user any more"


def test_of_keys_that_many_make_at_once_none_is_lost(tmp_path: Path) -> None:
    """Each by an object of its own, as apps on one folder and the command have it."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: Keys(tmp_path / "keys.json").make(f"user{n % 4}", ""), range(24)))
    keys = Keys(tmp_path / "keys.json")
    assert [keys.user_of(key) for key in made] == [f"user{n % 4}" for n in range(24)]


def test_a_user_has_fifty_keys_at_most(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys.json")
    for _ in range(50):
        keys.make("ann", "")
    with pytest.raises(InputError, match="50 keys"):
        keys.make("ann", "")
    keys.make("bob", "")
    keys.revoke(keys.of("ann")[0].id, "ann")
    keys.make("ann", "")


def test_the_command_makes_lists_and_revokes_while_the_app_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door = Door(closed=True, keys=Keys(tmp_path / "keys.json"))
    assert models(door, "anything") == 401
    assert command.main([str(tmp_path), "make", "ann", "notebook"]) == 0
    key = capsys.readouterr().out.strip()
    assert models(door, key) == OWN
    assert key not in (tmp_path / "keys.json").read_text("utf-8")
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0
    command.main([str(tmp_path), "list"])
    id, user, _, label = capsys.readouterr().out.split()
    assert (user, label) == ("ann", "notebook")
    assert command.main([str(tmp_path), "revoke", id]) == 0
    assert models(door, key) == 401
    assert command.main([str(tmp_path), "revoke", id]) == 1
    assert command.main([]) == 2


def test_a_file_that_is_none_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("[]")
    with pytest.raises(StoreError, match="cannot be read"):
        Keys(tmp_path / "keys.json").user_of("x")
