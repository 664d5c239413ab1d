// A brand: its name and one colour, and the text colour that can be read on it.
import * as v from "valibot";
import { object, string } from "#worker-kit/validation.ts";
import { text } from "../../shared/validate.ts";

export const BRAND = object({
  name: text({ max: 80 }),
  colour: v.optional(string(/^#[0-9a-fA-F]{6}$/, { max: 7, message: "must be a colour such as #0a7f5a" }), "#1f4e79"),
  tagline: v.optional(text({ max: 120 })),
});

export type Brand = v.InferOutput<typeof BRAND>;

/** Black or white, whichever stands out more: at least 4.58 to 1 on any colour, above the 4.5 of WCAG 2.2 AA. */
export function textOn(colour: string): "#000000" | "#ffffff" {
  return luminance(colour) > 0.179 ? "#000000" : "#ffffff";
}

/** Relative luminance by WCAG 2.2, 0 to 1. */
function luminance(colour: string): number {
  const linear = (start: number) => {
    const value = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(1) + 0.7152 * linear(3) + 0.0722 * linear(5);
}
