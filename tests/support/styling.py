"""What the stylist's tests have in common: a brand, texts that people and attackers write, and a model.

Workers AI does not run on this machine: where a test needs it, a Worker's module stands in for it behind the same kind
of binding that Cloudflare uses (a wrapped one), and answers by the title of the page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree

from hypothesis import strategies as st

from tests.support.autopilots import Autopilot, running

BRAND = {"name": "Ørsted & Søn", "colour": "#0a7f5a", "tagline": "Bread <3"}
WORKERS_AI = """
export default function () {
  return {
    async run(model, inputs, options) {
      if (!model.startsWith("@cf/") || !(options.signal instanceof AbortSignal)) throw new Error("called otherwise");
      const { title, subject } = JSON.parse(inputs.messages[1].content);
      if (title === "a failure") throw new Error("3043: Internal server error");
      const words = subject
        ? { headline: "Written by AI", subline: `About ${subject}` }
        : {
            title: "A title by AI",
            lead: `<b>AI</b> on ${title}`,
            sections: [{ kind: "questions", heading: "One", text: "", items: [{ heading: "Two?", text: "Three." }] }],
          };
      const bad = { "no JSON": "Here is your page:", "wrong words": '{"lead": 7}' };
      const isAgain = inputs.messages[0].content.includes("/lead must be one line of 1 to 600 characters");
      const first = title === "better at the second try" && !isAgain ? bad["wrong words"] : undefined;
      const content = first ?? bad[title] ?? JSON.stringify(words);
      return { choices: title === "no choice" ? [] : [{ message: { role: "assistant", content } }] };
    },
  };
}
"""
# What people type, and what attackers do; control characters are refused, see below.
TEXTS = st.text(
    st.one_of(st.sampled_from("<>&\"'`=/{}$; "), st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"])),
    min_size=1,
    max_size=60,
).filter(lambda text: text.strip() != "" and not any(unicodedata.category(character) == "Cf" for character in text))


@contextmanager
def with_ai() -> Iterator[Autopilot]:
    ai = {"name": "workers-ai", "modules": True, "script": WORKERS_AI}
    with running("stylist", wrappedBindings={"AI": {"scriptName": "workers-ai"}}, beside=[ai]) as autopilot:
        yield autopilot


def svg_texts(svg: bytes) -> dict[str, list[str]]:
    """Texts by element, of a document that must be well-formed XML."""
    texts: dict[str, list[str]] = {}
    for element in ElementTree.fromstring(svg):  # noqa: S314 - the Worker's own answer
        texts.setdefault(element.tag.removeprefix("{http://www.w3.org/2000/svg}"), []).append(element.text or "")
    return texts
