// HTML and SVG by tagged templates that escape: `markup`<h1>${title}</h1>``. Only what `markup` made itself goes in
// as it stands, so a text can become neither an element nor an attribute. Every attribute's value must be in double
// quotes.

export class Markup {
  constructor(readonly source: string) {}
}

type Part = string | number | Markup | readonly Markup[] | null | undefined;

export function markup(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(strings.reduce((source, string, index) => source + render(parts[index - 1]) + string));
}

function render(part: Part): string {
  if (part === null || part === undefined) return "";
  if (part instanceof Markup) return part.source;
  if (typeof part === "object") return part.map((item) => item.source).join("");
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
