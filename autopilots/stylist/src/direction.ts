// Which way text runs: a page by its language, a block by its own letters.

const RIGHT_TO_LEFT_SCRIPTS = ["Adlm", "Arab", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa", "Yezi"];
const LETTER = /\p{L}/gu;
const RIGHT_TO_LEFT_LETTER =
  /[\p{sc=Adlam}\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Mandaic}\p{sc=Nko}\p{sc=Hanifi_Rohingya}\p{sc=Syriac}\p{sc=Thaana}]/u;

export type Direction = "ltr" | "rtl";

/** By the script that the language says or, by CLDR's likely subtags, is written in. */
export function directionOf(language: string): Direction {
  const { script = "" } = new Intl.Locale(language).maximize();
  return RIGHT_TO_LEFT_SCRIPTS.includes(script) ? "rtl" : "ltr";
}

/**
 * The value of `dir` for one block. `auto` goes by the first letter, which is wrong where a text begins with a name in
 * another script ("EFH تعلّم الخبز"): there, what most letters say.
 */
export function blockDirection(text: string): Direction | "auto" {
  const most = isMostlyRightToLeft(text);
  return isRightToLeft(text) === most ? "auto" : most ? "rtl" : "ltr";
}

/** What most letters of a text say. */
export function isMostlyRightToLeft(text: string): boolean {
  const letters = text.match(LETTER) ?? [];
  return letters.filter(isRightToLeft).length * 2 > letters.length;
}

/** By its first letter that has a direction (Unicode UAX #9, P2). */
function isRightToLeft(text: string): boolean {
  return RIGHT_TO_LEFT_LETTER.test(/[\p{L}\p{Nl}]/u.exec(text)?.[0] ?? "");
}
