"""The commands of `python -m orchestrator`.

Adding a command is a line in COMMANDS and a module in this folder. Only the module of the command that is used is
imported, so `validate` does not wait for httpx.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Command:
    """`module` has `arguments(parser)` and `run(options, terminal) -> exit code`."""

    name: str
    summary: str
    module: str


COMMANDS = (
    Command(
        name="validate",
        summary="check autopilots.yaml: every mistake, with line and column",
        module="orchestrator.commands.validate",
    ),
    Command(
        name="show",
        summary="print what autopilots.yaml implies: resources, bindings, routes",
        module="orchestrator.commands.show",
    ),
    Command(
        name="limits",
        summary="count what autopilots.yaml uses of Cloudflare's plan",
        module="orchestrator.commands.limits",
    ),
    Command(
        name="usage",
        summary="show what the day has used of the free plan",
        module="orchestrator.commands.usage",
    ),
    Command(
        name="dev",
        summary="make each saved source live on the stack of this machine, and show the logs",
        module="orchestrator.commands.dev",
    ),
    Command(
        name="drift",
        summary="compare the account with what is declared, read-only",
        module="orchestrator.commands.drift",
    ),
    Command(
        name="heal",
        summary="repair what differs from what is declared, by `pulumi up`",
        module="orchestrator.commands.heal",
    ),
    Command(
        name="adopt",
        summary="take over what the account already has of what is declared",
        module="orchestrator.commands.adopt",
    ),
    Command(
        name="backup",
        summary="save what is in a namespace, bucket or database",
        module="orchestrator.commands.backup",
    ),
    Command(
        name="restore",
        summary="restore a backup",
        module="orchestrator.commands.restore",
    ),
    Command(
        name="destroy-data",
        summary="delete a namespace, bucket or database with its data",
        module="orchestrator.commands.destroy_data",
    ),
    Command(
        name="plan",
        summary="forward a task to its autopilot, or explain where it would go",
        module="orchestrator.commands.plan",
    ),
    Command(
        name="deploy-site",
        summary="deploy a folder as a site of many files",
        module="orchestrator.commands.deploy_site",
    ),
    Command(
        name="runs",
        summary="list, show and resolve the runs of tasks that are never done twice",
        module="orchestrator.commands.runs",
    ),
    Command(
        name="alerts",
        summary="show the alerts and their states, or send a test to each channel",
        module="orchestrator.commands.alerts",
    ),
    Command(
        name="analyze",
        summary="why tasks failed: groups of the same kind, each with its cause and what to do",
        module="orchestrator.commands.analyze",
    ),
    Command(
        name="journal",
        summary="print what became of tasks, or figures of each autopilot",
        module="orchestrator.commands.journal",
    ),
    Command(
        name="register",
        summary="register an autopilot at run time, update it, or remove it",
        module="orchestrator.commands.register",
    ),
    Command(
        name="new",
        summary="write a new autopilot by a template: its Worker, its test, its entries",
        module="orchestrator.commands.new",
    ),
    Command(
        name="template",
        summary="show or bring in what a template changed since an autopilot was written by it",
        module="orchestrator.commands.template",
    ),
    Command(
        name="import",
        summary="print a draft of an autopilot from an agent card or an OpenAPI document",
        module="orchestrator.commands.import_draft",
    ),
    Command(
        name="secret",
        summary="print the secret with which an autopilot that runs elsewhere verifies its tasks",
        module="orchestrator.commands.secret",
    ),
    Command(
        name="pull",
        summary="write what is registered at run time into autopilots.yaml",
        module="orchestrator.commands.pull",
    ),
    Command(
        name="doctor",
        summary="check that everything is there that `pulumi up` needs",
        module="orchestrator.commands.doctor",
    ),
    Command(
        name="diagnose",
        summary="show the token, its permissions, what the account has and what is missing",
        module="orchestrator.commands.diagnose",
    ),
    Command(
        name="schema",
        summary="print the JSON Schema of autopilots.yaml",
        module="orchestrator.commands.schema",
    ),
)
