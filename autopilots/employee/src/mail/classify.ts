// What kind of mail is this? Rules that can be explained, machines first: a bounce quotes the message that bounced, with
// all its words. `rule` says which one held.
import type { Classification } from "./kinds.ts";
import { classifyMachine } from "./machine.ts";
import type { ReadMail } from "./parse.ts";
import { classifyPerson } from "./person.ts";

export function classify(read: Pick<ReadMail, "mail" | "report">): Classification {
  return (
    classifyMachine(read) ??
    classifyPerson(read.mail) ?? { kind: "needs_review", rule: "no rule held, so a person decides" }
  );
}
