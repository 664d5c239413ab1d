"""What holds data: KV namespaces, R2 buckets, D1 databases.

All are retained: what leaves the file leaves Pulumi's state and stays in the account with its data (retain, not
protect: protection would turn an honest edit of the file into an error). Only a stage that owns its data
(`keepData: false`) deletes.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from orchestrator.desired.resources import D1Database, KvNamespace, R2Bucket
from orchestrator.infra import sdk as cloudflare


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """What to declare in `account_id`; `keep_data` false lets Pulumi delete what leaves the file.

    `hooks` run around what happens to each.
    """

    account_id: str
    kv_namespaces: tuple[KvNamespace, ...]
    r2_buckets: tuple[R2Bucket, ...]
    d1_databases: tuple[D1Database, ...]
    keep_data: bool
    hooks: pulumi.ResourceHookBinding | None = None


class Storage(pulumi.ComponentResource):
    """Every namespace, bucket and database, by the name that it has in the manifest."""

    kv_namespaces: dict[str, cloudflare.WorkersKvNamespace]
    r2_buckets: dict[str, cloudflare.R2Bucket]
    d1_databases: dict[str, cloudflare.D1Database]

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("autopilot:infra:Storage", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self, retain_on_delete=args.keep_data, hooks=args.hooks)
        self.kv_namespaces = {
            namespace.key: cloudflare.WorkersKvNamespace(
                namespace.key, account_id=args.account_id, title=namespace.title, opts=child
            )
            for namespace in args.kv_namespaces
        }
        self.r2_buckets = {
            bucket.key: cloudflare.R2Bucket(
                bucket.key,
                account_id=args.account_id,
                name=bucket.name,
                location=bucket.location,
                jurisdiction=bucket.jurisdiction,
                storage_class=bucket.storage_class,
                # The API cannot change it: under another one, an update would be told that there is no such bucket.
                opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(replace_on_changes=["jurisdiction"])),
            )
            for bucket in args.r2_buckets
        }
        self.d1_databases = {
            database.key: cloudflare.D1Database(
                database.key,
                account_id=args.account_id,
                name=database.name,
                jurisdiction=None if database.jurisdiction == "default" else database.jurisdiction,
                # Answered by the API whether asked or not: left out, it would be a difference for ever.
                read_replication={"mode": "disabled"},
                # It is only told at the creation, and not read again: where it is to be another one, and of one that
                # was taken over, the provider would replace the database by one whose name is taken.
                # `stack.empty_stores` refuses such an edit.
                opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(ignore_changes=["jurisdiction"])),
            )
            for database in args.d1_databases
        }
        self.register_outputs({})
