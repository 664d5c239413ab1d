"""The export of a database as SQL, asked for by the official SDK and downloaded without a token, as the real one is."""

from __future__ import annotations

import httpx
import pytest
from cloudflare import BadRequestError, Cloudflare, NotFoundError

from tests.support.local_cloudflare import LocalCloudflare


def test_an_export_is_polled_and_then_downloaded(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    id = sdk.d1.database.create(account_id=account, name="shop").uuid
    assert id
    sdk.d1.database.query(id, account_id=account, sql="CREATE TABLE a (b TEXT, c BLOB); CREATE INDEX i ON a (b)")
    sdk.d1.database.query(id, account_id=account, sql="INSERT INTO a VALUES ('it''s', X'00FF'), (NULL, NULL)")

    begun = sdk.d1.database.export(id, account_id=account, output_format="polling")
    done = sdk.d1.database.export(
        id, account_id=account, output_format="polling", current_bookmark=begun.at_bookmark or ""
    )

    assert (begun.result, done.status) == (None, "complete")
    assert done.result
    assert done.result.signed_url
    assert httpx.get(done.result.signed_url).text.splitlines() == [
        "PRAGMA defer_foreign_keys=TRUE;",
        "CREATE TABLE a (b TEXT, c BLOB);",
        """INSERT INTO "a" ("b","c") VALUES('it''s',X'00FF');""",
        """INSERT INTO "a" ("b","c") VALUES(NULL,NULL);""",
        "CREATE INDEX i ON a (b);",
    ]
    assert httpx.get(f"{done.result.signed_url}0").status_code == 404


def test_an_export_of_nothing_and_in_another_form_is_refused(sdk: Cloudflare, cloudflare_api: LocalCloudflare) -> None:
    account = cloudflare_api.account_id
    id = sdk.d1.database.create(account_id=account, name="shop").uuid
    assert id
    with pytest.raises(NotFoundError):
        sdk.d1.database.export("missing", account_id=account, output_format="polling")
    with pytest.raises(BadRequestError):
        sdk.d1.database.export(id, account_id=account, output_format="file")  # type: ignore[arg-type]
