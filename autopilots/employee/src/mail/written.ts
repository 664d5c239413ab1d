// What the sender of a mail wrote: without quoted text, forwarded messages and the signature, whatever the language of
// the mail program that put them there.

const QUOTED = /^\s{0,3}[>|]/;
// "On Mon, 2 Mar 2026, EFH Desk wrote:" as mail programs say it, on one line or broken over up to three.
const WROTE =
  "wrote|writes|schrieb|a [ée]crit|escribi[óo]|va escriure|ha scritto|escreveu|schreef|skrev|kirjoitti|napisał\\(?a?\\)?|napsal\\(?a?\\)?|a scris|yazdı|έγραψε|írta|đã viết|пишет|написал\\(?а?\\)?|писал\\(?а?\\)?|пише|написа|menulis|je napisao|je napisal\\(?a?\\)?|rašė|rakstīja|kirjutas";
const ATTRIBUTION = new RegExp(
  [
    `^(on|am|le|el|il|em|op|den|på|pe|w dniu|dne|dnia|στις|vào|na|dana|pada)(?![\\p{L}]).{4,300}(?<![\\p{L}])(${WROTE})(?![\\p{L}]).{0,120}:$`,
    `^.{4,300}(?<![\\p{L}])(${WROTE})\\s?:$`,
    "^.{4,300}(写道|寫道|のメール|書きました|님이 작성|님의 말|كتب|כתב|ได้เขียน)\\s?[:：]$",
    // In any language: a date, an address, and a colon at the end.
    "^(?=.*\\d).{4,300}<[^<>\\s]+@[^<>\\s]+>.{0,40}[:：]$",
  ].join("|"),
  "iu",
);
const ATTRIBUTION_END = /[:：]$/u;
// "-----Original Message-----", "---------- Forwarded message ---------", "Begin forwarded message:"
const DIVIDER =
  /^[\s_*>-]{0,20}(-{2,}\s*(original|urspr[üu]ngliche|forwarded|weitergeleitete|message|mensaje|messaggio|mensagem|oorspronkelijk|doorgestuurd|ursprungligt|opprinnelig|oprindelig|wiadomo|пересыла|исходное|p[ůu]vodn|eredeti|原始|転送|元の|전달|원본)[^\n]{0,80}-{0,}|(begin forwarded message|anfang der weitergeleiteten|début du message (transf[ée]r[ée]|réexpédié)|inicio del mensaje reenviado|inizio messaggio inoltrato|in[ií]cio da mensagem (encaminhada|reenviada)|begin doorgestuurd bericht)[^\n]{0,40}:?|_{10,})\s*$/iu;
const HEADER_LINE =
  /^[\s*]{0,4}(from|von|de|da|van|från|fra|lähettäjä|od|от|发件人|寄件者|差出人|보낸 사람|sent|gesendet|datum|date|envoyé|enviado|inviato|data|verzonden|skickat|sendt|to|an|à|para|a|aan|till|til|do|кому|subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|temat|тема|主题|件名|제목)\s?:\*?\s/iu;
const SIGNATURE = /^(-- ?|—|_{2,5})$/;
const SENT_FROM =
  /^(sent from my |sent via |von meinem .{1,40} gesendet|gesendet mit |envoyé (de|depuis) mon |enviado (desde|do) (mi|meu) |inviato da(l mio)? |verstuurd vanaf |verzonden vanaf |skickat från min |sendt fra min |lähetetty |wysłane z |отправлено с |get outlook for )/iu;

/** At most `max` characters of it. */
export function whatTheSenderWrote(text: string, max = 20_000): string {
  const kept: string[] = [];
  const lines = text.slice(0, 2 * max).split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!.trim();
    if (QUOTED.test(lines[at]!)) continue;
    const length = attributionAt(lines, at);
    if (length > 0) {
      // An answer above it: all below is quoted. None above: it stands between or below the quoted lines.
      if (kept.some((each) => each.trim() !== "")) break;
      const rest = lines.slice(at + length);
      if (!rest.some((each) => QUOTED.test(each))) break;
      at += length - 1;
      continue;
    }
    if ((line.length < 200 && DIVIDER.test(line)) || startsHeaderBlock(lines, at)) break;
    if (SIGNATURE.test(line) || SENT_FROM.test(line)) break;
    kept.push(lines[at]!);
  }
  return kept.join("\n").trim().slice(0, max);
}

/** How many lines from `at` say who wrote what follows; 0 when they say something else. */
function attributionAt(lines: readonly string[], at: number): number {
  for (const length of [1, 2, 3]) {
    if (!ATTRIBUTION_END.test(lines[at + length - 1]?.trimEnd() ?? "")) continue;
    const parts = lines.slice(at, at + length).map((line) => line.trim());
    const joined = parts.join(" ");
    // A sentence of the sender's own, or an empty line, is no part of it.
    const broken = parts.slice(0, -1).some((part) => part === "" || /[.!?。]$/.test(part));
    if (!broken && joined.length <= 500 && ATTRIBUTION.test(joined)) return length;
  }
  return 0;
}

/** "From: … Sent: … To: …", as Outlook puts it above a quoted message: three of four lines. */
function startsHeaderBlock(lines: readonly string[], at: number): boolean {
  if (!HEADER_LINE.test(`${lines[at]!} `)) return false;
  return lines.slice(at, at + 5).filter((line) => HEADER_LINE.test(`${line} `)).length >= 3;
}
