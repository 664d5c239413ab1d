"""The state pointed at another store, as an edit of what was exported."""

from __future__ import annotations

from typing import Any

from orchestrator.adopt.replaced import Taken, rename
from orchestrator.adopt.wanted import Wanted
from orchestrator.kinds import Kind


def test_the_state_has_the_bucket_and_the_database_that_the_file_names_now() -> None:
    def resource(kind: Kind, key: str, /, **outputs: str) -> dict[str, Any]:
        urn = f"urn:pulumi:dev::p::{kind.pulumi_type}::{key}"
        inputs = {"name": outputs["name"]}
        return {"urn": urn, "type": kind.pulumi_type, "id": outputs["id"], "inputs": inputs, "outputs": outputs}

    bucket = resource(Kind.R2_BUCKET, "files", id="a-files", name="a-files", creationDate="then")
    database = resource(Kind.D1_DATABASE, "router", id="1", uuid="1", name="a-router")
    before = {"deployment": {"resources": [bucket, database]}}

    files = Wanted(kind=Kind.R2_BUCKET, key="files", name="files", account_id="a")
    router = Wanted(kind=Kind.D1_DATABASE, key="router", name="router", account_id="a")

    after = rename(
        before,
        [Taken(wanted=files, id="files", made="now"), Taken(wanted=router, id="2")],
    )

    found = {each["urn"].rpartition("::")[2]: each for each in after["deployment"]["resources"]}
    assert found["files"]["inputs"] == {"name": "files", "jurisdiction": "default"}
    assert found["files"]["outputs"] == {
        "id": "files", "name": "files", "jurisdiction": "default", "creationDate": "now",
    }  # fmt: skip
    assert (found["router"]["id"], found["router"]["outputs"]) == ("2", {"id": "2", "uuid": "2", "name": "router"})
    assert bucket["id"] == "a-files"
