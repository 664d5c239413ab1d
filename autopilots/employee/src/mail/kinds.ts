// The kinds of mail: a closed list.

/** What machines send. Nobody ever answers these: an answer may begin a loop (RFC 3834, section 2). */
export const MACHINE_KINDS = ["bounce", "auto-reply", "mailing-list"] as const;
/** What people send. A model may choose among these and no others. */
export const PERSON_KINDS = ["unsubscribe", "payment", "support", "lead", "other"] as const;

export type PersonKind = (typeof PERSON_KINDS)[number];
/** `needs_review`: no rule held, so a person decides. */
export type Kind = (typeof MACHINE_KINDS)[number] | PersonKind | "needs_review";

export interface Classification {
  readonly kind: Kind;
  /** Why, in words: for a person who wonders. */
  readonly rule: string;
}
