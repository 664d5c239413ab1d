// What people want, by words of the languages that most of the platform's users write. A rule holds for a clause of what
// the sender wrote; "I never asked to unsubscribe" holds for none of them.
import type { Classification, PersonKind } from "./kinds.ts";
import type { Mail } from "./mail.ts";
import { whatTheSenderWrote } from "./written.ts";

const REPLY_PREFIX = /^\s*((re|aw|antw|sv|vs|rif|ref|odp|ynt|回复|答复|返信)(\[\d+\])?\s?[:：]\s*)+/iu;
const FORWARD_PREFIX = /^\s*(fwd?|wg|tr|rv|enc|doorst|i|vb)\s?:\s*/iu;

/** Phrases that have a rule's word in them and mean something else. */
const IDIOMS = new RegExp(
  [
    "of course", "(no|not a|without( any)?) problems?", "no worries", "free of charge", "in charge of", "(for|with) your help", "(happy|glad) to help",
    "kein problem", "pas de probl[èe]me", "sin problemas?", "ning[úu]n problema", "nessun problema", "sem problemas?", "geen probleem", "no hay problema",
    "im kurs bleiben", "take place", "(in|au) cours de", "en cours", "por supuesto", "in (the )?first place", "in place of",
    "confirm(ing)? (the )?receipt",
  ].join("|"),
  "giu",
); // biome-ignore format: a table

interface Rule {
  readonly kind: PersonKind;
  readonly rule: string;
  readonly words: RegExp;
  /** A negation before it in the clause turns it round. */
  readonly negated?: string;
}

const whole = (...words: string[]) => new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join("|")})`, "iu");
const END = String.raw`(?![\p{L}\p{N}])`;

const RULES: readonly Rule[] = [
  {
    kind: "unsubscribe",
    rule: "asks to be taken off the list",
    negated: "says that it is not about leaving the list",
    words: whole(
      "un-?subscri", `opt(ing)?[ -]?out${END}`, `(?:take|remove) (?:me|my (?:name|e-?mail|address)|this address)${END}`, "stop (?:sending|e-?mailing|mailing|spamming)",
      "no (?:more|further) (?:e-?mails|mails|newsletters?|messages)", "(?:don['’]?t|do not|no longer) (?:want|wish) (?:to (?:get|receive|hear)|(?:these|your|any|this|more) (?:e-?mails?|mails?|newsletters?|messages))",
      "abbestell", "newsletter (?:\\S+ ){0,3}abmelden", "austragen", `aus (?:dem|ihrem|eurem) verteiler${END}`, "keine? (?:weiteren |weitere )?(?:e-?mails?|newsletter|mails?)",
      "d[ée]sabonne", "d[ée]sinscri", "ne (?:souhaite|veux|d[ée]sire) plus (?:recevoir|être)", "retire[rz][- ]moi",
      "(?:dar|d[ée])(?:me|nme)? de baja", "darme de baja", "desuscri", "cancelar (?:mi |la )?suscripci", "no (?:quiero|deseo) (?:recibir )?m[áa]s",
      "disiscri", "cancell(?:atemi|ami|are|armi)[^.]{0,30}(?:lista|newsletter|iscrizione)", "descadastr", "cancelar (?:a |minha )?(?:inscri|assinatura)",
      `uitschrijven${END}`, `afmelden${END}`, "geen (?:e-?mails|mails|nieuwsbrie)",
    ),
  },
  {
    kind: "payment",
    rule: "is about money paid",
    words: whole(
      "invoic", "refund", `receipts?${END}`, `payments?${END}`, `(?:over)?charged?${END}`, `billing${END}`, `(?:my|the|a) bill${END}`, `paid (?:for|twice|by|with|the)${END}`, "money back",
      "rechnung", "erstatt", "zahlung", "bezahlt", `[üu]berwiesen${END}`, "abgebucht", "quittung", "geld zur[üu]ck", "factu(?:re|ra)", "rembours", "paiement", "pr[ée]lev", "reembols",
      `pagos?${END}`, `pagado${END}`, `cobr(?:o|ado|aron)${END}`, "fattura", "rimbors", "pagament", `pagato${END}`, "addebit", "fatura", "factuur", "terugbetal", "betaling", `betaald${END}`,
    ),
  },
  {
    kind: "support",
    rule: "asks for help",
    words: whole(
      `help${END}`, `problems?${END}`, `(?:an|the|this|following|get|gives?|some) errors?${END}`, `errors?[: ]`, `broken${END}`, `(?:not|doesn['’]?t|does not|isn['’]?t|stopped|won['’]?t) work(?:ing)?${END}`,
      `(?:can['’]?t|cannot|can not|couldn['’]?t|could not|unable to|not able to) (?:\\S+ )?(?:log|sign|open|access|find|see|get|download|use|play|watch|reach|enter|join)`,
      `never (?:came|arrived|got|received)${END}`, `(?:hasn['’]?t|has not|haven['’]?t|have not|didn['’]?t|did not|not) (?:yet )?(?:arrived?|come|received?|been delivered)${END}`,
      `where (?:is|are) (?:it|they|my|the)${END}`, `(?:is|are|was|were|still|went) (?:missing|lost|damaged|stuck|wrong)${END}`, "(?:forgot(?:ten)?|reset|lost) (?:my |the )?password", "complain",
      `hilfe${END}`, "problem", "fehler", "funktionier\\S* (?:\\S+ )?nicht", "nicht funktionier", `(?:kaputt|defekt|besch[äa]digt)${END}`, "nicht (?:an|ge)?(?:ge)?(?:kommen|liefert)", `wo (?:ist|bleibt|sind)${END}`, "passwort", "reklam", `geht nicht${END}`, "kann (?:mich |ich )?(?:mich )?nicht",
      "aide[rz]?[- ]moi", `(?:besoin d['’]|votre |de l['’])aide${END}`, "probl[èe]me", `erreur${END}`, "ne (?:fonctionne|marche) (?:pas|plus)", "pas (?:encore )?(?:re[çc]u|arriv)", `o[ùu] est${END}`, "mot de passe",
      `ayuda${END}`, `problemas?${END}`, "no funciona", "no (?:me )?(?:ha |han )?lleg", `d[óo]nde est[áa]`, "contrase[ñn]a", `aiuto${END}`, `errore${END}`, "non (?:\\S+ )?(?:funziona|arrivat)", `dov['’]è`,
      `ajuda${END}`, "n[ãa]o (?:\\S+ )?(?:funciona|chegou|recebi|consigo)", `onde est[áa]`, `senha${END}`, `hulp${END}`, "probleem", "werkt niet", "niet (?:aan)?gekomen", `waar (?:is|blijft)${END}`, "wachtwoord",
    ),
  },
  {
    kind: "lead",
    rule: "shows interest",
    negated: "says that there is no interest",
    words: whole(
      "interested", `pric(?:e|es|ing)${END}`, `quot(?:e|ation)${END}`, `demo${END}`, "enrol", `sign(?:ing)? (?:me |us )?up${END}`, `register(?:ing)?${END}`, `book (?:a|me|us|the)${END}`, `(?:a|the|one|two|another|my|any) (?:place|seat|spot)s?${END}`,
      `courses?${END}`, `workshops?${END}`, `how much${END}`, `costs?${END}`, `brochure${END}`, `when (?:does|do|is|will) (?:it|the)${END}`, "interessier", `interesse${END}`, "preis", "angebot", "anmeld", `kurse?s?${END}`, `(?:einen?|noch|freie) pl[äa]tze?${END}`, "kostet",
      "int[ée]ress", `tarifs?${END}`, `prix${END}`, `devis${END}`, "m['’]?\\s?inscri", "inscription", `(?:le|les|un|votre|vos|des|du|ce) cours${END}`, `combien${END}`, "interesad", `(?:me|nos) interesa`, `precios?${END}`, "presupuesto", "inscri(?:b|p)", `cursos?${END}`, `cu[áa]nto`,
      "interessat", `prezz[oi]${END}`, "preventivo", "iscri(?:v|z)", `cors[oi]${END}`, `quanto`, "interessad", `pre[çc]os?${END}`, "or[çc]amento", "inscri", `vagas?${END}`, "ge[ïi]nteresseerd", `prij(?:s|zen)${END}`, "offerte", "inschrij", `cursus${END}`,
    ),
  },
]; // biome-ignore format: a table

const NEGATION =
  /(?<![\p{L}\p{N}])(?:never|not|(?:do|did|does|was|is|are|would|wo|have|has)n['’]?t|no need|nothing|nicht|nie|niemals|kein(?:e|en)?|jamais|pas|nunca|jam[áa]s|no|non|mai|niet|nooit|geen|n[ãa]o)(?![\p{L}\p{N}])/iu;
const UNABLE = /(?:can|could|able|manage|possible|m[öo]glich|kann)\s*(?:not|nicht)?\s*$/iu;
const COMMAND = /^\W*(?:stop|remove)\W*$/i;
/** "To unsubscribe click here": an instruction that some program put there. */
const INSTRUCTION = /^\W*(?:to |if you |um |pour |para |per |om |click|klick|cliquez|haga clic)|https?:\/\/|www\./iu;
const ANSWER =
  /^\W*(?:thanks?|thank you|thx|ok(?:ay)?|great|perfect|sure|yes|no|fine|sounds good|see you|good|cheers|got it|received|will do|noted|danke|vielen dank|gerne|alles klar|passt|merci|d['’]accord|gracias|vale|grazie|va bene|obrigad[oa]|bedankt|dank|prima)(?![\p{L}\p{N}])/iu;

/** The classification by what a person wrote; null where no rule holds. */
export function classifyPerson(mail: Mail): Classification | null {
  const written = whatTheSenderWrote(mail.text);
  const isReply = REPLY_PREFIX.test(mail.subject) || (mail.headers["in-reply-to"]?.[0] ?? "") !== "";
  // The subject of an answer is somebody else's.
  const subject = isReply || FORWARD_PREFIX.test(mail.subject) ? "" : mail.subject;
  if (written === "" && subject.trim() === "") return { kind: "other", rule: "says nothing" };
  if (COMMAND.test(written)) return { kind: "unsubscribe", rule: "is the one word that ends a subscription" };
  const plain = `${subject}\n${written}`.replace(IDIOMS, " ");
  const sentences = plain.split(/(?<=[.!?。！？])\s+|\n+/).filter((each) => each.trim() !== "");
  let negated: string | undefined;
  for (const rule of RULES) {
    for (const sentence of sentences) {
      const found = rule.words.exec(sentence);
      if (!found || (rule.kind === "unsubscribe" && INSTRUCTION.test(sentence))) continue;
      if (!rule.negated || !isNegated(sentence.slice(0, found.index))) return { kind: rule.kind, rule: rule.rule };
      negated ??= rule.negated;
    }
  }
  if (negated) return { kind: "other", rule: negated };
  const asks = /[?？؟]/.test(written);
  if (!asks && written.length <= 400 && (isReply || ANSWER.test(written))) {
    return { kind: "other", rule: "answers, and asks for nothing" };
  }
  return null;
}

/** A negation in the same clause, but none of being able: "I could not unsubscribe" is a wish to. */
function isNegated(before: string): boolean {
  const clause = before.split(/[,;:–—]|\bbut\b|\baber\b/iu).at(-1)!;
  const found = NEGATION.exec(clause);
  // "I am not sure how to unsubscribe" is one too.
  return (
    found !== null &&
    !/\b(?:how|where|wie|comment)\b/i.test(clause.slice(found.index)) &&
    !UNABLE.test(clause.slice(0, found.index))
  );
}
