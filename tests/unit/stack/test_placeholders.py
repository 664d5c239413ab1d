"""What a preview of a pull request has in place of the secrets of a stack."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.kinds import Kind
from orchestrator.stack.placeholders import (
    PLACEHOLDER,
    secret_texts,
    settings_without_secrets,
    state_without_secrets,
)
from orchestrator.stack.state import SECRET


def secret(value: object) -> dict[str, str]:
    return {SECRET: "1b47061264138c4ac30d75fd1eb44270", "plaintext": json.dumps(value)}


def test_of_a_state_the_bindings_are_left_and_no_value_of_a_secret() -> None:
    bindings = [
        {"type": "kv_namespace", "name": "NOTES", "namespaceId": "kv-1"},
        {"type": "secret_text", "name": "KEY", "text": "open sesame"},
        {"type": "secret_text", "name": "NESTED", "text": secret("open sesame")},
        {"type": "something_new", "name": "NEW", "keyJwk": "open sesame"},
        {"type": "plain_text", "name": "MODE", "text": secret("careful")},
    ]
    worker = {
        "type": Kind.WORKER.pulumi_type,
        "inputs": {"bindings": secret(bindings), "scriptName": "keeper"},
        "outputs": {
            "bindings": bindings,
            "__pulumi_raw_state_delta": {"obj": "open sesame"},
            "x": secret("open sesame"),
        },
    }
    provider = {"type": "pulumi:providers:cloudflare", "inputs": {"apiToken": secret("open sesame")}}
    deployment: dict[str, Any] = {"resources": [worker, provider], "secrets_providers": {"state": {"salt": "salt"}}}

    left = state_without_secrets({"version": 3, "deployment": deployment})

    text = json.dumps(left)
    assert "open sesame" not in text
    assert "salt" not in text
    kept = left["deployment"]["resources"][0]
    assert json.loads(kept["inputs"]["bindings"]["plaintext"]) == [
        bindings[0],
        *(
            {"type": kind, "name": name, key: PLACEHOLDER}
            for kind, name, key in (
                ("secret_text", "KEY", "text"),
                ("secret_text", "NESTED", "text"),
                ("something_new", "NEW", "keyJwk"),
            )
        ),
        {"type": "plain_text", "name": "MODE", "text": "careful"},
    ]
    assert kept["inputs"]["scriptName"] == "keeper"


def test_of_the_settings_the_plain_ones_are_left_and_the_others_are_told_by_their_paths() -> None:
    encrypted = {"secure": "v1:abc"}
    settings = {
        "encryptionsalt": "v1:salt",
        "config": {
            "p:accountId": "0" * 32,
            "p:startEmpty": ["a"],
            "p:webhookSecret": encrypted,
            "p:secrets": {"KEY": encrypted, "PLAIN": "text"},
            "cloudflare:apiToken": encrypted,
        },
    }

    plain, placeholders = settings_without_secrets(settings)

    config = {"p:accountId": "0" * 32, "p:startEmpty": ["a"], "p:secrets": {"PLAIN": "text"}}
    assert plain == {"config": config}
    assert placeholders.keys() == {"p:webhookSecret", 'p:secrets["KEY"]'}
    assert placeholders["p:webhookSecret"].startswith("whsec_")


def test_what_must_not_be_published_is_each_secret_and_each_part_of_it() -> None:
    config = {
        "p:apiToken": {"value": "first-token second-token", "secret": True},
        "p:secrets": {"value": "{}", "objectValue": {"KEY": "sk_live_123"}, "secret": True},
        "p:plan": {"value": "free-of-charge", "secret": False},
    }
    assert secret_texts(config) == {"first-token second-token", "first-token", "second-token", "sk_live_123"}
