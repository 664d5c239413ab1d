// What kind of e-mail is this? Plain rules, tried in order, so that the answer can be explained: `rule` says which
// one held.

export interface IncomingEmail {
  /** As in the header: `Ada <ada@example.com>`. */
  from: string;
  subject: string;
  text: string;
  /** Names in lower case. */
  headers: Record<string, string>;
}

export interface Classification {
  kind: string;
  rule: string;
}

type Rule = Classification & { holds: (mail: IncomingEmail) => boolean };

const words = (pattern: RegExp) => (mail: IncomingEmail) => pattern.test(mail.subject) || pattern.test(mail.text);

// What machines send comes first: a bounce quotes the message that bounced, with all its words.
const RULES: Rule[] = [
  {
    kind: "bounce",
    rule: "sent by a mail system",
    holds: ({ from, subject }) =>
      /\b(mailer-daemon|postmaster)@/i.test(from) ||
      /^(undeliver|mail delivery failed|returned mail|delivery status notification|delivery has failed)/i.test(subject),
  },
  {
    kind: "auto-reply",
    rule: "sent by an automatic responder",
    holds: ({ subject, headers }) =>
      (headers["auto-submitted"] ?? "no").toLowerCase() !== "no" ||
      /^(auto(matic)?[ -]?reply|out of (the )?office)\b/i.test(subject),
  },
  {
    kind: "unsubscribe",
    rule: "asks to be taken off the list",
    holds: words(/\b(unsubscribe|opt[ -]?out|remove me)\b/i),
  },
  {
    kind: "payment",
    rule: "is about money paid",
    holds: words(/\b(invoice|refund|receipt|payment|charged?)\b/i),
  },
  {
    kind: "support",
    rule: "asks for help",
    holds: words(/\b(help|problem|error|broken|not working|can(no|')t (log ?in|open|access|find))\b/i),
  },
  {
    kind: "lead",
    rule: "shows interest",
    holds: words(/\b(interested|pric(e|es|ing)|quote|demo|enroll?|sign up|course)\b/i),
  },
];

export function classify(mail: IncomingEmail): Classification {
  const { kind, rule } = RULES.find(({ holds }) => holds(mail)) ?? { kind: "other", rule: "no rule held" };
  return { kind, rule };
}
