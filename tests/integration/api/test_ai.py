"""The stand-in for Workers AI, through the binding of a Worker: answers, refusals, the day's neurons, faults."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudflare import Cloudflare

from tests.support.local_cloudflare import LocalCloudflare
from tests.support.worker_upload import upload

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
