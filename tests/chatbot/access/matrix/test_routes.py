"""Every route that Gradio or we have: open to all, to who is signed in, or to nobody. A route that is in no row fails."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from mcp import ClientSession, McpError
from mcp.client.streamable_http import streamable_http_client
from pydantic import AnyUrl

from chatbot.ui.sign_in.usage import Usage, usage
from tests.chatbot.access.matrix.house import ANN, EVE, SECRET, House, house
from tests.loops import running_alone

pytestmark = pytest.mark.slow

V1 = {  # closed without a key
    "/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/messages/count_tokens", "/v1/completions", "/v1/embeddings", "/v1/score", "/v1/tokenize", "/v1/models",
    "/v1/models/{id:path}", "/metrics",
}  # fmt: skip
PUBLIC = {
    "/", "/login", "/health", "/static/{path:path}", "/assets/{path:path}", "/favicon.ico", "/theme.css", "/robots.txt",
    "/gradio_api/startup-events",
}  # fmt: skip
SIGNED_IN = {
    "/keys", "/admin", "/logout", "/config", "/config/", "/manifest.json", "/pwa_icon", "/gradio_api/app_id", "/gradio_api/app_id/",
    "/gradio_api/info", "/gradio_api/info/", "/gradio_api/openapi.json", "/gradio_api/theme.css",
    "/gradio_api/file={path_or_url:path}", "/gradio_api/heartbeat/{session_hash}", "/gradio_api/reset",
    "/gradio_api/reset/", "/gradio_api/api/{api_name}", "/gradio_api/api/{api_name}/", "/gradio_api/run/{api_name}",
    "/gradio_api/run/{api_name}/", "/gradio_api/call/{api_name}", "/gradio_api/call/{api_name}/",
    "/gradio_api/call/v2/{api_name}", "/gradio_api/call/v2/{api_name}/", "/gradio_api/call/{api_name}/{event_id}",
    "/gradio_api/call/v2/{api_name}/{event_id}", "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/cancel",
    "/gradio_api/upload", "/gradio_api/upload_progress", "/pictures/{name}", "/gradio_api/mcp",
    "/gradio_api/mcp/schema",
}  # fmt: skip
CLOSED = {
    "/gradio_api/mcp/sse", "/gradio_api/mcp/messages",
    "/openapi.json", "/login/", "/svelte/{path:path}", "/gradio_api/deep_link", "/pwa_icon/{size}", "/monitoring",
    "/monitoring/summary", "/monitoring/{key}", "/gradio_api/user", "/gradio_api/user/", "/gradio_api/login_check",
    "/gradio_api/login_check/", "/gradio_api/token", "/gradio_api/token/", "/gradio_api/dev/reload", "/gradio_api/runs",
    "/gradio_api/runs/", "/gradio_api/custom_component/{id}/{environment}/{type}/{file_name}",
    "/gradio_api/proxy={url_path:path}", "/gradio_api/stream/{event_id}", "/gradio_api/stream/{event_id}/close",
    "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8",
    "/gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}",
    "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file", "/gradio_api/file/{path:path}",
    "/gradio_api/component_server", "/gradio_api/component_server/", "/gradio_api/queue/status",
    "/gradio_api/process_recording", "/gradio_api/vibe-edit", "/gradio_api/vibe-edit/", "/gradio_api/undo-vibe-edit",
    "/gradio_api/undo-vibe-edit/", "/gradio_api/vibe-code", "/gradio_api/vibe-code/", "/gradio_api/vibe-starter-queries",
    "/gradio_api/vibe-starter-queries/",
}  # fmt: skip


@pytest.fixture(scope="module")
def here(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("routes"), models_folder) as found:
        yield found


def at(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "x", path)


def test_every_route_is_in_one_row(here: House) -> None:
    paths = {path for _, path in here.routes()}
    assert paths - (V1 | PUBLIC | SIGNED_IN | CLOSED) == set(), "say who may use these routes"
    assert (V1 | PUBLIC | SIGNED_IN | CLOSED) - paths == set(), "these are gone"


def test_without_signing_in_only_the_way_in_is_open(here: House) -> None:
    with here.visitor() as stranger:
        for method, path in sorted(here.routes()):
            answer = stranger.request(method, at(path))
            if path in CLOSED or method == "*":
                assert answer.status_code == 404, (method, path)
            elif path in SIGNED_IN and (method, path) != ("GET", "/logout"):
                assert answer.status_code in (401, 404), (method, path)
                assert method == "HEAD" or answer.json()["error"]["code"] in ("access_denied", "not_found")
            elif path in V1:
                assert answer.status_code == 401, (method, path)
        assert 'name="password"' in stranger.get("/").text
        assert "zebrafish" not in stranger.get("/").text


def test_a_sign_in_opens_what_is_meant_and_no_more(here: House) -> None:
    with here.visitor("eve") as eve:
        for method, path in sorted(here.routes()):
            if path in CLOSED:
                assert eve.request(method, at(path)).status_code == 404, (method, path)
        for path in ("/", "/config", "/gradio_api/info", "/gradio_api/app_id", "/manifest.json"):
            assert eve.get(path).status_code == 200


@pytest.mark.parametrize(
    "strange",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
    ids=lambda headers: str(next(iter(headers.items()))),
)
def test_no_other_site_gets_an_answer_from_any_route(here: House, strange: dict[str, str]) -> None:
    with here.visitor("ann") as ann:
        for method, path in sorted(here.routes()):
            answer = ann.request("OPTIONS" if method == "*" else method, at(path), headers=strange)
            assert answer.status_code == 403, (method, path)
            assert not [name for name in answer.headers if name.startswith("access-control-")]
        preflight = {**strange, "Access-Control-Request-Method": "POST"}
        answer = ann.options("/gradio_api/queue/join", headers=preflight)
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert ann.get("/config").status_code == 200, "still signed in"


def test_a_key_made_on_the_page_opens_the_endpoints_and_only_its_user_takes_it_away(here: House) -> None:
    with here.visitor("ann") as ann, here.visitor("eve") as eve, here.visitor() as program:
        made = ann.post("/keys", data={"label": "<b>notebook"})
        (key,) = re.findall(r"<code>(banyan-[\w-]+)</code>", made.text)
        (id,) = re.findall(r'value="(\w+)"', made.text)
        assert "&lt;b&gt;notebook" in made.text and "<b>notebook" not in made.text
        assert key not in ann.get("/keys").text, "shown once"
        assert "API 密钥" in ann.get("/keys", headers={"Accept-Language": "zh-CN"}).text
        sent = {"Authorization": f"Bearer {key}"}
        assert program.get("/v1/models", headers=sent).status_code == 200
        assert program.get("/gradio_api/info", headers=sent).status_code == 200
        asked = program.post("/gradio_api/call/documents", json={"data": []}, headers=sent).json()
        told = program.get(f"/gradio_api/call/documents/{asked['event_id']}", headers=sent).text
        assert SECRET in told, "Ann's documents"
        assert program.get("/keys", headers=sent).status_code == 401, "a key makes no keys"
        assert id not in eve.get("/keys").text
        assert eve.post("/keys", data={"revoke": id}).status_code == 400
        assert program.get("/gradio_api/info", headers=sent).status_code == 200
        assert ann.post("/keys", data={"revoke": id}).status_code == 200
        assert program.get("/gradio_api/info", headers=sent).status_code == 401


def test_a_program_of_the_model_context_protocol_sees_its_users_documents(here: House) -> None:
    def documents(key: str) -> list[tuple[str, str]]:
        async def look() -> list[tuple[str, str]]:
            async with (
                httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, follow_redirects=True) as client,
                streamable_http_client(f"{here.address}/gradio_api/mcp/", http_client=client) as (reading, writing, *_),
                ClientSession(reading, writing) as session,
            ):
                await session.initialize()
                with pytest.raises(McpError):
                    await session.read_resource(AnyUrl(f"banyan://documents/{'0' * 32}"))
                listed = (await session.list_resources()).resources
                read = [(await session.read_resource(one.uri)).contents[0] for one in listed]
                return [(one.name, text.text) for one, text in zip(listed, read, strict=True)]  # type: ignore[union-attr]

        found: list[tuple[str, str]] = running_alone(look())
        return found

    with here.visitor("ann") as ann, here.visitor("eve") as eve, here.visitor() as stranger:
        keys = [
            re.findall(r"<code>(banyan-[\w-]+)", one.post("/keys", data={"label": "x"}).text)[0] for one in (ann, eve)
        ]
        assert documents(keys[0]) == [
            (f"{SECRET}.md", f"The {SECRET} was planted in 1998 by Maria Lindqvist near Uppsala.")
        ]
        assert documents(keys[1]) == []
        assert stranger.post("/gradio_api/mcp/", json={}).status_code == 401


def test_the_admins_page_is_there_for_admins_only(here: House) -> None:
    with here.visitor("ann") as ann:
        assert ann.get("/admin").status_code == 404
        assert 'href="admin"' not in ann.get("/keys").text
    kept = usage(here.services, ANN)
    assert (kept.conversations, kept.documents, kept.jobs) == (1, 1, 1) and 0 < kept.megabytes < 1
    assert usage(here.services, EVE) == Usage(0, 0, 0, 0, 0)


def test_the_cookie_of_the_sign_in_stays_at_home(here: House) -> None:
    form = {"username": "ann", "password": "correct horse"}
    plain = httpx.post(f"{here.address}/login", data=form)
    assert {"HttpOnly", "SameSite=Lax"} <= set(plain.headers["set-cookie"].split("; "))
    assert "Secure" not in plain.headers["set-cookie"]
    secure = httpx.post(f"{here.address}/login", data=form, headers={"X-Forwarded-Proto": "https"})
    assert {"HttpOnly", "SameSite=Lax", "Secure"} <= set(secure.headers["set-cookie"].split("; "))
