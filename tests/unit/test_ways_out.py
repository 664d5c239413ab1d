"""Every command that a message names as a way out is followed by a test, or says here why none does.

A new one fails until it stands here. What a command needs of a person (an account's id, a token) no test can know.
"""

from __future__ import annotations

from tests.support.project import ROOT
from tests.support.ways_out import named_commands

_STACK = "tests/integration/stack/"
_DOCTOR = f"{_STACK}test_doctor.py::test_each_setting_that_is_wrong_is_put_right_by_the_command_that_is_printed"
_WAYS = f"{_STACK}test_empty_stores.py::test_the_ways_that_a_stopped_prefix_names_lead_on_and_back_to_the_same_data"
_ALONG = (
    f"{_STACK}test_empty_stores.py::test_data_goes_along_to_a_store_of_another_name_by_the_commands_that_are_printed"
)
_SECOND = (
    f"{_STACK}test_two_platforms.py::"
    "test_the_second_overwrites_nothing_is_offered_nothing_and_lives_beside_it_by_the_way_that_is_named"
)
_LOST_STATE = f"{_STACK}test_two_platforms.py::test_a_platform_whose_state_was_lost_names_its_mark_and_takes_all_over"
_COMES_BACK = f"{_STACK}test_nothing_lost.py::test_an_autopilot_leaves_the_file_and_comes_back_with_its_data"
_DOMAINS = f"{_STACK}test_custom_domains.py::test_one_of_no_zone_of_the_account_stops_the_preview"
_EACH = f"{_STACK}test_ways_out.py::test_the_command_that_a_refusal_names_leads_out_of_it"
_TAKEN = f"{_STACK}test_custom_domains.py::test_one_that_leads_to_another_worker_is_not_taken_and_each_way_leads_on"
_VALUE = "needs a value that only a person has"
_LOOKS = "looks, and changes nothing"
_WORD = "the command's name in a sentence; its whole line is in another message"

_TEMPLATE = "tests/unit/commands/test_template.py::"
_RUNS = "tests/router/test_runs_command.py::test_a_person_says_how_it_ended"
FOLLOWED = {
    "python -m orchestrator template record <> --template TEMPLATE": (
        f"{_TEMPLATE}test_one_without_a_record_is_told_the_way_out_which_works"
    ),
    "python -m orchestrator template update <>": f"{_TEMPLATE}test_what_nobody_touched_becomes_the_templates",
    "pulumi config set --secret --path callers.<> -s <>": _EACH,
    "python -m orchestrator adopt -s <> --overwrite <> takes it over": _TAKEN,
    "python -m orchestrator adopt -s <><>": _EACH,
    "python -m orchestrator heal -s <>": _EACH,
    "python -m orchestrator heal -s <> <>": _EACH,
    "python -m orchestrator heal -s <> --from-here": _EACH,
    "python -m orchestrator adopt -s <> <> takes it over too": _EACH,
    "python -m orchestrator adopt -s <> takes it over": _EACH,
    "pulumi config set plan paid -s <>": _EACH,
    "pulumi config set --secret webhookSecret": _EACH,
    "pulumi config set --secret apiToken": _EACH,
    "pulumi config set --secret --path secrets.<> -s <>": _EACH,
    "pulumi config <> -s <>": _WAYS,
    "pulumi config rm namePrefix": _DOCTOR,
    "pulumi config rm mark": _DOCTOR,
    "pulumi config rm <> -s <>": _DOCTOR,
    "pulumi config rm workersUrl -s <>": (
        f"{_STACK}test_diagnose.py::test_a_router_whose_name_is_not_known_is_not_told_to_be_deployed_again"
    ),
    "pulumi config set customDomains true": _DOCTOR,
    "pulumi config set customDomains false -s <>": _DOMAINS,
    "pulumi config set journalDays 30": _DOCTOR,
    "pulumi config set keepData true": _DOCTOR,
    "pulumi config set plan free": _DOCTOR,
    "pulumi config set-all --path <> -s <>": _WAYS,
    "pulumi config set namePrefix <> -s <>": _SECOND,
    "pulumi config set mark <> -s <>": _LOST_STATE,
    "python -m orchestrator adopt -s <>": _COMES_BACK,
    "python -m orchestrator backup <> <> <> -s <>": _ALONG,
    "python -m orchestrator restore <> --into <> <> -s <>": _ALONG,
    "python -m orchestrator runs resolve <> --done": _RUNS,
    "python -m orchestrator runs retry <>": (
        "tests/router/test_later_tries.py::TestGivingUp::test_the_command_that_shows_it_names_the_one_that_tries_it_again"
    ),
}

NOT_FOLLOWED = {
    "python -m orchestrator template record <> --template TEMPLATE": (
        f"{_TEMPLATE}test_one_without_a_record_is_told_the_way_out_which_works"
    ),
    "python -m orchestrator template update <>": f"{_TEMPLATE}test_what_nobody_touched_becomes_the_templates",
    "python -m orchestrator drift -s <> shows the whole": _LOOKS,
    "git checkout": _WORD,
    "git checkout <>": "the tests' stacks are no git checkouts of their own",
    "pulumi cancel -s <>": "of a lock whose holder is not known to be dead: a person has to know",
    "pulumi config <>": _WORD,
    "pulumi config -s <>": _LOOKS,
    "pulumi config set --secret --path <> -s <>": _VALUE,
    "pulumi config set --secret alertUrl https": _VALUE,
    "pulumi config set --secret --path alertUrls.<> https": _VALUE,
    "pulumi config set --secret cloudflare": _VALUE,
    "pulumi config set --secret diagnoseToken": _VALUE,
    "pulumi config set --secret analyticsToken": _VALUE,
    'pulumi config set --secret heal \'{"repository"': _VALUE,
    "pulumi config set <> -s <>": _VALUE,
    "pulumi config set --secret r2SecretAccessKey -s <>": _VALUE,
    "pulumi config set accountId <the 32 hex digits in the dashboard's URL>": _VALUE,
    "pulumi config set accountId <the 32 hex digits in the dashboard's URL> -s <>": _VALUE,
    "pulumi config set workersUrl 'https": _VALUE,
    "pulumi preview": _LOOKS,
    "pulumi preview --diff": _LOOKS,
    "pulumi preview --diff -s <> shows them": _LOOKS,
    "pulumi preview -s <> shows what it changes": _LOOKS,
    "pulumi stack import": "what was being done, not a way out",
    "pulumi stack init <>": "makes a stack, which has nothing yet that could be refused",
    "pulumi up": _WORD,
    "pulumi up -s <>": "the command of every test here",
    "python -m orchestrator adopt": _WORD,
    "python -m orchestrator adopt -s <> continues from here": "the same command as the one that says it",
    "python -m orchestrator adopt -s <> takes over what the account has and the state has not": "as the one above it",
    "python -m orchestrator destroy-data NAME": _WORD,
    "python -m orchestrator diagnose -s <>": _LOOKS,
    "python -m orchestrator heal": _WORD,
    "python -m orchestrator template": _WORD,
    "python -m orchestrator template diff <>": _LOOKS,
    "python -m orchestrator new NAME --template http-relay": "in a comment of a draft that a person goes over",
    "python -m orchestrator new NAME --template <>": "as it stands in the call, with the name that was left out",
    "python -m orchestrator pull": "of the journal and the registry, no refusal of these commands",
    "python -m orchestrator register --remove NAME": "of the journal and the registry, no refusal of these commands",
    "python -m orchestrator limits": _LOOKS,
    "python -m orchestrator show": _LOOKS,
    "python -m orchestrator validate <>": _LOOKS,
}


def test_every_command_that_is_named_is_followed_or_says_why_not() -> None:
    assert named_commands() == {*FOLLOWED, *NOT_FOLLOWED}


def test_the_tests_that_follow_them_exist() -> None:
    for place in set(FOLLOWED.values()):
        file, *_, name = place.split("::")
        assert f"def {name}(" in (ROOT / file).read_text(), place
