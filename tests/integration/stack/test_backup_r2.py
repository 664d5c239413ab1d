"""`backup`, `restore` and `destroy-data` of buckets: what is odd in one object is told, and stops no other."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
from cloudflare import Cloudflare

from orchestrator.cloudflare.account import Account
from orchestrator.data.destroy import refuse_what_differs
from orchestrator.data.store import Store
from orchestrator.errors import UserError
from tests.support.data_stack import DataStack
from tests.support.drift_stack import DriftStack
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.outside import Outside
from tests.support.s3_client import keys_of, s3_client
from tests.support.worker_upload import upload

WRITER = """
export default {
  async fetch(request, env) {
    const { key, ...options } = await request.json();
    const http = options.httpMetadata;
    if (http?.cacheExpiry) http.cacheExpiry = new Date(http.cacheExpiry);
    await env.FILES.put(key, key, options);
    return new Response("written");
  },
};
"""
UNABLE = {
    "names": ({"customMetadata": {"Author": "Ada", "größe": "1"}}, "cannot write custom metadata named 'Author'"),
    "moment": ({"httpMetadata": {"cacheExpiry": "2030-01-01T00:00:00.123Z"}}, "no fraction of a second"),
}


@pytest.fixture
def stack(
    data_project: DriftStack,
    cloudflare_api: LocalCloudflare,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> DataStack:
    """On an account with one bucket that nobody declares."""
    Outside(cloudflare_api).call("POST", "/r2/buckets", json={"name": "old-files"})
    return DataStack(data_project, capsys, monkeypatch)


def objects(server: LocalCloudflare, bucket: str) -> dict[str, tuple[Any, Any, Any]]:
    listed = server.call("GET", f"/r2/buckets/{bucket}/objects").json()["result"]
    return {each["key"]: (each["etag"], each["http_metadata"], each["custom_metadata"]) for each in listed}


def put(server: LocalCloudflare, key: str, body: bytes = b"x", **options: Any) -> None:
    with closing(s3_client(server, keys_of(server))) as s3:
        s3.put_object(Bucket="old-files", Key=key, Body=body, **options)


def test_what_s3_cannot_write_is_told_and_everything_else_comes_back(
    stack: DataStack, cloudflare_api: LocalCloudflare, sdk: Cloudflare
) -> None:
    binding = {"type": "r2_bucket", "name": "FILES", "bucket_name": "old-files"}
    upload(sdk, cloudflare_api.account_id, "writer", WRITER, bindings=[binding], reachable=True)
    for key, (options, _) in UNABLE.items():
        assert cloudflare_api.fetch("writer", method="POST", json={"key": key, **options}).text == "written"
    put(cloudflare_api, "plain", Metadata={"by": "Ada"})

    taken, warned = stack.run("backup", "old-files", "files-1")
    Outside(cloudflare_api).call("POST", "/r2/buckets", json={"name": "new-files"})
    restored, _ = stack.run("restore", "files-1", "--into", "new-files")

    assert (taken["items"], restored["written"]) == (3, 3)
    assert len(taken["problems"]) == len(UNABLE)
    for key, (_, reason) in UNABLE.items():
        assert any(each.startswith(f"{key!r}: ") and reason in each for each in taken["problems"])
        assert reason in warned
    old, new = objects(cloudflare_api, "old-files"), objects(cloudflare_api, "new-files")
    assert old["plain"] == new["plain"]
    assert {key: etag for key, (etag, *_) in old.items()} == {key: etag for key, (etag, *_) in new.items()}
    assert [note for note in restored["notes"] if note.startswith("'names' has other metadata than it had")]
    cloudflare_api.call("DELETE", "/workers/scripts/writer")
    refused = stack.run("destroy-data", "old-files", "--yes-destroy", "--backup", "again-1", exit_code=2)[1]
    assert "would not give back everything as it is" in refused
    assert stack.run("destroy-data", "old-files", "--yes-destroy")[0]["destroyed"]


def test_an_object_that_cannot_be_read_is_told_and_the_others_are_saved(
    stack: DataStack, cloudflare_api: LocalCloudflare
) -> None:
    for key in ("good", "refused", "other"):
        put(cloudflare_api, key)
    fault = {"method": "GET", "path": "*/old-files/refused", "effect": "status", "status": 403}
    cloudflare_api.local("PUT", "/faults", {"faults": [fault]})

    taken, _ = stack.run("backup", "old-files", "files-2", exit_code=1)

    assert [each.partition(":")[0] for each in taken["problems"]] == ["'refused'"]
    cloudflare_api.local("DELETE", "/faults")
    Outside(cloudflare_api).call("POST", "/r2/buckets", json={"name": "new-files"})
    restored, _ = stack.run("restore", "files-2", "--into", "new-files")
    assert restored["written"] == 2
    assert any(note.startswith("'refused' is not in the backup") for note in restored["notes"])


def test_without_s3_a_backup_is_refused_that_could_not_come_back(
    stack: DataStack, cloudflare_api: LocalCloudflare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("R2_ENDPOINT_URL")  # an API elsewhere, and nobody says where its S3 is
    put(cloudflare_api, "plain", ContentType="text/html", ContentDisposition="attachment; filename=a")
    stack.run("backup", "old-files", "files-3")
    Outside(cloudflare_api).call("POST", "/r2/buckets", json={"name": "new-files"})
    assert stack.run("restore", "files-3", "--into", "new-files")[0]["notes"] == []
    assert objects(cloudflare_api, "new-files") == objects(cloudflare_api, "old-files")

    put(cloudflare_api, "named", Metadata={"by": "Ada"})
    put(cloudflare_api, "a/../b")
    refused = stack.run("backup", "old-files", "more-3", exit_code=2)[1]
    assert "'named': it has custom metadata" in refused
    assert "'a/../b': its key cannot be named in a URL" in refused
    assert "give an R2 token" in refused
    monkeypatch.setenv("R2_ENDPOINT_URL", cloudflare_api.s3_url)
    assert stack.run("backup", "old-files", "more-3")[0]["items"] == 3


def test_the_keys_of_an_r2_token_are_used_and_must_do(
    stack: DataStack, cloudflare_api: LocalCloudflare, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cloudflare_api, "a")
    keys = keys_of(cloudflare_api)
    monkeypatch.setenv("R2_ACCESS_KEY_ID", keys.id)
    assert "R2_SECRET_ACCESS_KEY is not" in stack.run("backup", "old-files", "one-4", exit_code=2)[1]
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", "0" * 64)
    refused = stack.run("backup", "old-files", "one-4", exit_code=1)[1]
    assert "SignatureDoesNotMatch" in refused
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", keys.secret)
    assert stack.run("backup", "old-files", "one-4")[0]["items"] == 1


def test_a_folder_that_was_tampered_with_between_two_runs_is_put_right(
    stack: DataStack, cloudflare_api: LocalCloudflare
) -> None:
    for key in ("a", "b", "c"):
        put(cloudflare_api, key, key.encode())
    fault = {"method": "GET", "path": "*/old-files/c", "effect": "reset"}
    cloudflare_api.local("PUT", "/faults", {"faults": [fault]})
    stack.run("backup", "old-files", "files-5", exit_code=1)
    cloudflare_api.local("DELETE", "/faults")
    index = stack.root / "files-5" / "objects.ndjson"
    with index.open("a") as file:
        file.write('{"key": "half')
    for saved_object in (stack.root / "files-5" / "objects").iterdir():
        saved_object.write_bytes(b"?")

    stack.run("backup", "old-files", "files-5")

    saved = [json.loads(line) for line in index.read_text().splitlines()]
    assert sorted(each["key"] for each in saved) == ["a", "b", "c"]
    assert sorted(file.read_bytes() for file in (stack.root / "files-5" / "objects").iterdir()) == [b"a", b"b", b"c"]


def test_what_is_there_stays_as_it_is(stack: DataStack, cloudflare_api: LocalCloudflare) -> None:
    for key in ("a", "b"):
        put(cloudflare_api, key, key.encode())
    stack.run("backup", "old-files", "files-6")
    put(cloudflare_api, "a", b"newer")
    assert "old-files is not empty" in stack.run("restore", "files-6", exit_code=2)[1]

    restored, _ = stack.run("restore", "files-6", "--merge")

    assert restored["written"] == 0
    assert restored["notes"] == ["'a' was there with other contents, and stays as it is"]


def test_nothing_is_deleted_that_the_backup_does_not_have_as_it_is_now(
    stack: DataStack, cloudflare_api: LocalCloudflare
) -> None:
    for key in ("a", "b"):
        put(cloudflare_api, key)
    stack.run("backup", "old-files", "files-7")
    put(cloudflare_api, "a", b"y")
    put(cloudflare_api, "new")
    store = Store(kind="r2", name="old-files", id="old-files")

    with Account(**cloudflare_api.settings_of_account) as account, pytest.raises(UserError) as refused:
        refuse_what_differs(account, store, stack.root / "files-7", lambda _text: None)

    assert "'a': has changed since" in refused.value.message
    assert "'new': is not in the backup" in refused.value.message
