"""The stand-in for Workers AI, by a Worker's binding and over the API: answers, refusals, the day's neurons, faults."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudflare import Cloudflare

from orchestrator.analysis.summary import inputs, read
from orchestrator.cloudflare.account import Account
from orchestrator.cloudflare.workers_ai import run_model
from orchestrator.errors import CloudflareError
from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import upload
from tests.unit.analysis.test_summary import GROUPS

GLM, LLAMA = "@cf/zai-org/glm-4.7-flash", "@cf/meta/llama-3.2-3b-instruct"
FLUX = "@cf/black-forest-labs/flux-1-schnell"
ASKER = """export default {
  async fetch(request, env) {
    const { model, inputs } = await request.json();
    try {
      return Response.json(await env.AI.run(model, inputs, { signal: AbortSignal.timeout(5000) }));
    } catch (error) {
      return Response.json({ name: error.name, message: error.message }, { status: 599 });
    }
  } };"""
SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "sections": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"kind": {"type": "string", "enum": ["prose", "cards"]}, "heading": {"type": "string"}},
            },
        },
    },
}
QUESTION = {
    "messages": [
        {"role": "system", "content": "Write a page in the language en."},
        {"role": "user", "content": json.dumps({"description": "Bread for beginners. In four evenings."})},
    ],
    "response_format": {"type": "json_schema", "json_schema": {"name": "copy", "schema": SCHEMA, "strict": True}},
}


@pytest.fixture
def asker(cloudflare_api: LocalCloudflare, sdk: Cloudflare) -> LocalCloudflare:
    upload(sdk, cloudflare_api.account_id, "asker", ASKER, bindings=[{"type": "ai", "name": "AI"}], reachable=True)
    return cloudflare_api


def ask(asker: LocalCloudflare, model: str, inputs: object) -> Any:
    return asker.fetch("asker", method="POST", json={"model": model, "inputs": inputs}).json()


def test_it_answers_as_the_schema_says_with_words_of_the_question(asker: LocalCloudflare) -> None:
    answer = ask(asker, GLM, QUESTION)

    said = json.loads(answer["choices"][0]["message"]["content"])
    assert said["title"] == "Bread for beginners."
    assert [section["kind"] for section in said["sections"]] == ["cards", "prose", "cards"]
    assert answer["usage"]["completion_tokens"] > 0
    assert asker.local("GET", "/ai")["neurons"] > 0


def test_in_another_language_it_only_says_again_what_it_was_told(asker: LocalCloudflare) -> None:
    system = {"role": "system", "content": "Write a page in the language ar."}
    user = {"role": "user", "content": json.dumps({"description": "دورة الخبز"}, ensure_ascii=False)}

    answer = ask(asker, GLM, QUESTION | {"messages": [system, user]})

    said = json.loads(answer["choices"][0]["message"]["content"])
    assert {section["heading"] for section in said["sections"]} == {"دورة الخبز"}


@pytest.mark.parametrize(
    ("model", "inputs", "message"),
    [
        ("@cf/nobody/nothing", {"messages": []}, "5007: No such model @cf/nobody/nothing or task"),
        (GLM, {"prompt": "Hello"}, "5006: Error: required properties"),
        (LLAMA, {"messages": [{"role": "user"}]}, "5006: Error: required properties"),
        (FLUX, {"prompt": ""}, "5006: Error: Length of '/prompt'"),
        (FLUX, {"prompt": "Bread", "steps": 9}, "5006: Error: '/steps'"),
    ],
)
def test_what_the_models_do_not_take_is_refused(
    asker: LocalCloudflare, model: str, inputs: object, message: str
) -> None:
    answer = ask(asker, model, inputs)

    assert answer["name"] == "InferenceUpstreamError"
    assert answer["message"].startswith(message)


def test_a_picture_is_a_jpeg_in_base64(asker: LocalCloudflare) -> None:
    assert ask(asker, FLUX, {"prompt": "Bread", "seed": 1, "steps": 4})["image"].startswith("/9j/")


def test_when_the_days_neurons_are_spent_it_refuses_all(asker: LocalCloudflare) -> None:
    asker.local("PUT", "/ai", {"neurons": 10_000})

    assert ask(asker, GLM, QUESTION)["message"].startswith("3036: You have used up your daily free allocation")


def test_faults_strike_as_often_as_they_say(asker: LocalCloudflare) -> None:
    asker.local("PUT", "/ai", {"faults": [{"effect": "busy", "model": GLM, "times": 2}]})

    answers = [ask(asker, model, QUESTION) for model in (GLM, LLAMA, GLM, GLM)]

    assert ["message" in answer for answer in answers] == [True, False, True, False]
    assert answers[0]["message"] == "3040: Capacity temporarily exceeded, please try again."
    assert [call["effect"] for call in asker.local("GET", "/ai")["calls"]] == ["busy", None, "busy", None]


@pytest.mark.parametrize(("effect", "content"), [("no-json", "Here is"), ("off-schema", '{"answer": 42}')])
def test_an_answer_may_break_the_rules(asker: LocalCloudflare, effect: str, content: str) -> None:
    asker.local("PUT", "/ai", {"faults": [{"effect": effect, "times": 1}]})

    assert ask(asker, GLM, QUESTION)["choices"][0]["message"]["content"].startswith(content)


def test_the_api_has_the_same_stand_in_as_the_binding(cloudflare_api: LocalCloudflare, sdk: Cloudflare) -> None:
    answer: Any = sdk.ai.run(GLM, account_id=cloudflare_api.account_id, extra_body=QUESTION)

    assert json.loads(answer["choices"][0]["message"]["content"])["title"] == "Bread for beginners."
    assert cloudflare_api.local("GET", "/ai")["neurons"] > 0


@pytest.mark.parametrize(
    ("model", "options", "refusal"),
    [
        (
            "@cf/nobody/nothing",
            {"json": QUESTION},
            (400, 5007, "No such model: No such model @cf/nobody/nothing or task"),
        ),
        (GLM, {"json": {"prompt": "Hello"}}, (400, 5006, "Error: required properties at '/' are 'messages'")),
        (GLM, {}, (400, 3003, "Incomplete request: Request is missing headers or body: body")),
        (GLM, {"content": b"{"}, (400, 10026, "Could not parse request body.")),
    ],
)
def test_the_api_refuses_as_the_real_one_does(
    cloudflare_api: LocalCloudflare, model: str, options: dict[str, Any], refusal: tuple[int, int, str]
) -> None:
    answer = cloudflare_api.call("POST", f"/ai/run/{model}", **options)

    [error] = answer.json()["errors"]
    status, code, message = refusal
    assert (answer.status_code, error["code"]) == (status, code)
    assert error["message"].removeprefix("AiError: ").startswith(message)


def test_the_api_wants_the_permission(cloudflare_api: LocalCloudflare) -> None:
    tokens = {
        permission: cloudflare_api.local("POST", "/tokens", {"permissions": [permission]})["value"]
        for permission in ("Workers AI Read", "Workers AI Edit", "Workers Scripts Edit")
    }

    answers = {
        permission: cloudflare_api.call("POST", f"/ai/run/{GLM}", token=token, json=QUESTION).status_code
        for permission, token in tokens.items()
    }

    assert answers == {"Workers AI Read": 200, "Workers AI Edit": 200, "Workers Scripts Edit": 403}


def run_it(api: LocalCloudflare, token: str = "") -> Any:
    with Account(account_id=api.account_id, token=token or api.token, base_url=api.url) as account:
        return run_model(account, GLM, inputs(GROUPS))


def test_the_stand_in_cites_no_group_and_the_summary_says_so(cloudflare_api: LocalCloudflare) -> None:
    found = read(run_it(cloudflare_api), GROUPS)

    assert (found.statements, found.reason) == ((), "the model said nothing that cites a group")
    assert found.dropped > 0
    assert found.neurons


@pytest.mark.parametrize("effect", ["no-json", "off-schema"])
def test_an_answer_that_breaks_the_rules_is_no_summary(cloudflare_api: LocalCloudflare, effect: str) -> None:
    cloudflare_api.local("PUT", "/ai", {"faults": [{"effect": effect, "times": 1}]})

    assert read(run_it(cloudflare_api), GROUPS).reason


@pytest.mark.parametrize(("effect", "hint"), [("spent", "midnight UTC"), ("busy", "in a minute"), ("failed", "")])
def test_a_refusal_is_told_at_once_with_what_to_do(cloudflare_api: LocalCloudflare, effect: str, hint: str) -> None:
    cloudflare_api.local("PUT", "/ai", {"faults": [{"effect": effect}]})

    with pytest.raises(CloudflareError) as refused:
        run_it(cloudflare_api)

    assert hint in refused.value.hint
    assert len(cloudflare_api.local("GET", "/ai")["calls"]) == 1, "nothing that costs is asked twice"


def test_a_token_that_may_ask_no_model_is_told_which_permission_it_lacks(cloudflare_api: LocalCloudflare) -> None:
    token = cloudflare_api.local("POST", "/tokens", {"permissions": ["Workers Scripts Edit"]})["value"]

    with pytest.raises(CloudflareError) as refused:
        run_it(cloudflare_api, token)

    assert "Workers AI Read" in refused.value.hint
