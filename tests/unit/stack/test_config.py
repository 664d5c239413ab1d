"""What is read of a stack: from what Pulumi prints, without Pulumi."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import SettingsError
from orchestrator.kinds import Kind
from orchestrator.stack.config import Stack, parse_config, run_pulumi
from orchestrator.stack.state import parse_state

ACCOUNT = {"p:accountId": {"value": "a" * 32, "secret": False}}


def parsed(printed: dict[str, Any]) -> Stack:
    return parse_config("prod", Path("/project"), "p", {**ACCOUNT, **printed})


def test_what_is_not_configured_has_the_programs_defaults() -> None:
    stack = parsed({})

    assert (stack.name_prefix, stack.keep_data, stack.plan, stack.workers_url) == ("", True, "free", None)
    assert stack.manifest == Path("/project/autopilots.yaml")
    assert (stack.secret_names, stack.token) == (frozenset(), None)


def test_secrets_are_known_by_the_names_that_workers_bind_and_their_values_are_forgotten() -> None:
    stack = parsed(
        {
            "p:apiToken": {"value": "s3cret", "secret": True},
            "p:alertUrl": {"value": "", "secret": True},
            "p:secrets": {"value": "{}", "objectValue": {"STRIPE_API_KEY": "s3cret"}, "secret": True},
            "other:apiToken": {"value": "s3cret", "secret": True},
            "p:keepData": {"value": "false", "secret": False},
        }
    )

    assert stack.secret_names == {"API_TOKEN", "STRIPE_API_KEY"}
    assert not stack.keep_data
    assert "s3cret" not in repr(stack)


def test_the_token_for_the_account_is_kept_and_not_shown() -> None:
    stack = parsed({"cloudflare:apiToken": {"value": "s3cret", "secret": True}})

    assert stack.token == "s3cret"
    assert "s3cret" not in repr(stack)


def test_a_stack_without_an_account_says_what_to_do() -> None:
    with pytest.raises(SettingsError, match="pulumi config set accountId"):
        parse_config("prod", Path("/project"), "p", {})


def test_the_state_has_resources_by_kind_and_name_without_what_is_about_to_be_deleted() -> None:
    bucket = {"urn": "urn:pulumi:prod::p::t::files", "type": "cloudflare:index/r2Bucket:R2Bucket", "id": "files"}
    exported = {
        "deployment": {
            "resources": [{**bucket, "outputs": {"name": "files"}}, {**bucket, "id": "old", "delete": True}],
            "pending_operations": [{"resource": bucket, "type": "creating"}],
        }
    }

    state = parse_state(exported)

    assert [(name, each.id, each.outputs) for name, each in state.of_kind(Kind.R2_BUCKET).items()] == [
        ("files", "files", {"name": "files"})
    ]
    assert state.pending == 1


@pytest.mark.parametrize("exported", [{}, {"deployment": None}, {"deployment": {}}])
def test_a_stack_without_an_update_has_an_empty_state(exported: dict[str, Any]) -> None:
    assert parse_state(exported).resources == ()


def test_an_interrupt_is_not_forgotten_where_pulumi_ended_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was sent to this process alone, as an editor or a supervisor does."""
    pulumi = tmp_path / "pulumi"
    pulumi.write_text("#!/bin/sh\nkill -INT $PPID\n")
    pulumi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    with pytest.raises(KeyboardInterrupt):
        run_pulumi(["up"], tmp_path)
