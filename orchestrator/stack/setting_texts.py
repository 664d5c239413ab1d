"""What each setting of a stack is for, in words: `docs/reference/settings.md` is made of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "accountId": "The Cloudflare account: 32 hex digits, as in the dashboard's URL. Required.",
    "apiToken": (
        "The bearer token that may do everything, of at least 32 characters; two, with a space between them, "
        "while one replaces the other. Required."
    ),
    "callers": (
        "The token of each caller that autopilots.yaml declares, set with `--path callers.NAME`. Two, with a "
        "space between them, during a rotation."
    ),
    "webhookSecret": (
        "The Standard Webhooks secret (`whsec_…`) from which each autopilot's own is derived; two during a "
        "rotation. Required."
    ),
    "secrets": "The Workers' own secrets, each set with `--path secrets.NAME`.",
    "namePrefix": "Stands before every name in the account, so that a stage can be beside production. Default: none.",
    "plan": "Cloudflare's plan, `free` (default) or `paid`: which limits count.",
    "keepData": (
        "`true` (default): namespaces, buckets and databases stay in the account whatever leaves the file. "
        "`false`: a stage's data is deleted with it."
    ),
    "customDomains": (
        "`true` (default): Workers get the `domains` of the file. `false`: none does, for a stage beside production;"
        " set on the stack `local`."
    ),
    "startEmpty": "A list of stores, by their names in the account, that may begin empty in place of full ones.",
    "dropAddresses": "A list of custom domains, and of patterns of routes, that may go with a Worker that leaves.",
    "mark": "The platform's mark (32 hex digits), only where the state that knew it was lost.",
    "manifest": "Another file than `autopilots.yaml`.",
    "workersUrl": "Where Workers answer, `https://{worker}.SUBDOMAIN.workers.dev`. Looked up when it is not set.",
    "diagnoseToken": "A Cloudflare token that may only read: `/autopilot/diagnose` and the scheduled check use it.",
    "analyticsToken": (
        "A Cloudflare token with `Account Analytics: Read` alone: the scheduled run asks Cloudflare with it what the "
        "day has used of the free plan. Without it our own counts are shown."
    ),
    "heal": (
        "Where the routing Worker asks for a heal: `{repository, workflow, ref, token}` of a GitHub workflow,"
        " or `{url, statusUrl, token}` of a webhook; its `statusUrl` says how heals end."
    ),
    "alertUrl": "A webhook that is told of each change of health, in Slack's JSON.",
    "alertUrls": (
        "The URL of each channel that `alerts:` of autopilots.yaml names, set with `--path alertUrls.CHANNEL`: "
        "an incoming webhook of Slack or Discord, or one that takes signed JSON."
    ),
    "journalDays": "How many days the journal is kept, 1 to 365. Default: 30.",
    "r2AccessKeyId": "The access key id of an R2 token, with which backups of buckets are made and restored.",
    "r2SecretAccessKey": "That token's secret access key.",
    "secretsLeftOut": (
        "`true` in the settings that a preview of a pull request uses: secrets have placeholders, and nothing"
        " can be deployed."
    ),
}
