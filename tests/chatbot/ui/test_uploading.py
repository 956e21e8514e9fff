"""What one visitor has on its way here is bounded, and what breaks off leaves nothing behind."""

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from chatbot.access.bodies import Bodies
from chatbot.access.owner import OwnerCookie
from chatbot.access.refusals import Refusals
from chatbot.access.uploads import Uploads
from chatbot.types import Quotas
from chatbot.ui import uploading

MEGABYTE = b"x" * 2**20


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path)


@pytest.fixture
def client(uploads: Uploads) -> TestClient:
    middleware = [
        Middleware(Refusals, words=lambda error, language: error.kind),
        Middleware(OwnerCookie, secret=b"s" * 32),
        Middleware(Bodies),
    ]
    return TestClient(Starlette(routes=uploading.routes(uploads, Quotas(uploads=3)), middleware=middleware))


def send(client: TestClient, content: bytes, **rest: Any) -> Any:
    return client.post("/gradio_api/upload", files={"files": ("a.bin", content)}, **rest)


def left(uploads: Uploads) -> list[str]:
    return [path.name for path in uploads.folder.rglob("*") if path.is_file()]


def test_uploads_end_at_their_quota(client: TestClient, uploads: Uploads) -> None:
    assert [send(client, MEGABYTE).status_code for _ in range(2)] == [200, 200]
    refused = send(client, MEGABYTE)
    assert (refused.status_code, refused.json()["detail"]) == (429, "quota_uploads")
    assert refused.headers["retry-after"]
    assert left(uploads) == ["a.bin"] * 2
    (path,) = send(client, b"small").json()
    uploads.free(Path(path))
    other = TestClient(client.app)
    assert send(other, MEGABYTE).status_code == 200, "another's are their own"


def test_what_is_on_its_way_counts_as_it_was_announced(uploads: Uploads) -> None:
    with uploads.coming("ann", 500) as folder:
        (folder / "part").write_bytes(b"1234")
        assert uploads.size("ann") == 500
        assert uploads.size("eve") == 0
    assert uploads.size("ann") == 4


@pytest.mark.parametrize(
    "content",
    [
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.bin"\r\n\r\ncut off',
        b'--b\r\nContent-Disposition: form-data; name="x"; filename="a.bin"\r\n\r\nother\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="files"; filename=".."\r\n\r\nunnamed\r\n--b--\r\n',
        b"no form at all",
    ],
)
def test_an_upload_that_cannot_be_taken_leaves_nothing(client: TestClient, uploads: Uploads, content: bytes) -> None:
    sent = client.post(
        "/gradio_api/upload", content=content, headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert (sent.status_code, left(uploads)) == (400, [])
