// What the stand-in for Workers AI says: JSON that fits the schema that it is asked for, with words from the question.
// It knows no facts and makes none up. Outside English it only says again what it was told.

const HEADINGS = ["What you find here", "How it works", "Good to know"];
const POINTS = ["One place for everything", "Clear steps", "Help when you need it"];
const TEXTS = [
  "All that belongs to it, in order.",
  "Begin where you are, and go on from there.",
  "Ask, and somebody answers.",
];

/** The text of the answer to `messages`: JSON where there is a schema. */
export function answerOf(messages, schema) {
  const told = tellingOf(messages.findLast(({ role }) => role === "user")?.content ?? "");
  if (!schema) return told.text;
  const isEnglish = !/\blanguage (?!en\b)/.test(messages.map(({ content }) => content).join(" "));
  return JSON.stringify(fill(schema, { told, isEnglish, name: "", index: 0, depth: 0 }));
}

/** The question's own words: members of its JSON, or all of it. */
function tellingOf(content) {
  let value;
  try {
    value = JSON.parse(content);
  } catch {
    value = {};
  }
  const texts = Object.values(value ?? {}).filter((each) => typeof each === "string" && each.trim() !== "");
  const text = value.description ?? value.subject ?? value.text ?? texts[0] ?? content;
  const title = value.title ?? value.subject ?? text;
  return { title: shorten(title, 80), text: shorten(text, 400) };
}

function shorten(text, most) {
  const [first = ""] = String(text)
    .replace(/\s+/g, " ")
    .trim()
    .split(/(?<=[.!?])\s/);
  return first.length <= most ? first : `${first.slice(0, most).replace(/\s\S*$/, "")}…`;
}

function fill(schema, at) {
  if (schema.enum) return schema.enum[(at.index + 1) % schema.enum.length];
  if (schema.type === "object") {
    const members = Object.entries(schema.properties ?? {});
    return Object.fromEntries(members.map(([name, inner]) => [name, fill(inner, { ...at, name })]));
  }
  if (schema.type === "array") {
    return [0, 1, 2].map((index) => fill(schema.items ?? {}, { ...at, index, depth: at.depth + 1 }));
  }
  if (schema.type === "integer" || schema.type === "number") return 0;
  if (schema.type === "boolean") return false;
  return words(at);
}

function words({ told, isEnglish, name, index, depth }) {
  const isShort = /^(title|heading|headline|label)$/.test(name);
  if (!isEnglish || depth === 0) return isShort ? told.title : told.text;
  if (isShort) return (depth === 1 ? HEADINGS : POINTS)[index];
  return depth === 1 ? "" : TEXTS[index];
}
