import { Markup, markup } from "../../shared/markup.ts";
import { blockDirection } from "./direction.ts";

type Tag = "h1" | "h2" | "h3" | "p" | "li" | "summary" | "dt" | "dd" | "blockquote";

/** An element with a text of its own direction; `content`: what it holds in place of the bare text. */
export function element(tag: Tag, text: string, className = "", content: Markup | string = text): Markup {
  const name = new Markup(tag);
  const ofClass = className && markup` class="${className}"`;
  return markup`<${name}${ofClass} dir="${blockDirection(text)}">${content}</${name}>`;
}
