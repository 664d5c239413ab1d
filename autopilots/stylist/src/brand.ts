// A brand: its name and one colour, and the text colour that can be read on it.
import * as v from "valibot";
import { check, object, string } from "#worker-kit/validation.ts";
import { notConfigured } from "../../shared/problem.ts";
import { text } from "../../shared/validate.ts";
import type { Env } from "./env.ts";

const COLOUR = string(/^#[0-9a-fA-F]{6}$/, { max: 7, message: "must be a colour such as #0a7f5a" });
const DEFAULT_COLOUR = "#1f4e79";

export interface Brand {
  name: string;
  colour: string;
  tagline?: string | undefined;
}

/** What a caller says of the brand; the Worker's variables say the rest. */
export const BRAND_PARTS = object({
  name: v.optional(text({ max: 80 })),
  colour: v.optional(COLOUR),
  tagline: v.optional(text({ max: 120 })),
});

/** The caller's brand; what it does not say is the platform's. Another name does not take over the platform's tagline. */
export function brandOf(env: Env, given: v.InferOutput<typeof BRAND_PARTS>): Brand {
  const { BRAND_NAME, BRAND_COLOUR, BRAND_TAGLINE } = env;
  const platform = check(BRAND_PARTS, { name: BRAND_NAME, colour: BRAND_COLOUR, tagline: BRAND_TAGLINE });
  if ("errors" in platform) {
    const names = platform.errors.map(({ pointer }) => `BRAND_${pointer.slice(1).toUpperCase()}`);
    const hint = platform.errors.map(({ message }, index) => `${names[index]} ${message}`).join("; ");
    throw notConfigured(names, `${hint} (a variable of this Worker in autopilots.yaml).`);
  }
  const { name = "", colour = DEFAULT_COLOUR, tagline } = platform.value;
  const isOwn = given.name === undefined || given.name === name;
  return {
    name: given.name ?? name,
    colour: given.colour ?? colour,
    tagline: given.tagline ?? (isOwn ? tagline : undefined),
  };
}

/** What WCAG 2.2 AA asks of text of any size. */
const LEAST_CONTRAST = 4.5;

/** Black or white, whichever stands out more: at least 4.58 to 1 on any colour. */
export function textOn(colour: string): "#000000" | "#ffffff" {
  return luminance(colour) > 0.179 ? "#000000" : "#ffffff";
}

/** A shade of the colour that the text on it stands out from even more. */
export function awayFrom(colour: string, text: "#000000" | "#ffffff"): string {
  return mix(colour, text === "#ffffff" ? "#000000" : "#ffffff", 0.35);
}

/** The colour, made darker or lighter only as far as text in it needs on all of these backgrounds. */
export function readableOn(backgrounds: readonly string[], colour: string): string {
  const goal = textOn(backgrounds[0] ?? "#ffffff");
  for (let part = 0; part < 1; part += 0.05) {
    const mixed = mix(colour, goal, part);
    if (backgrounds.every((background) => contrast(mixed, background) >= LEAST_CONTRAST)) return mixed;
  }
  return goal;
}

/** WCAG 2.2's contrast ratio, 1 to 21. */
function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function mix(colour: string, other: string, part: number): string {
  const mixed = channels(colour).map((value, index) => value + ((channels(other)[index] ?? 0) - value) * part);
  return `#${mixed.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
}

/** Relative luminance by WCAG 2.2, 0 to 1. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((byte) => {
    const value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16));
}
