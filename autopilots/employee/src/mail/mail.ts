// What is kept of a mail: the record that email.process answers, and email() stores. JSON in D1.
import type { Kind } from "./kinds.ts";

export interface Mailbox {
  /** Decoded (RFC 2047); "" where there is none. */
  readonly name: string;
  /** As written; "" where there is none, as in `From: MAILER-DAEMON`. */
  readonly address: string;
}

/** Of the SMTP session; null where it is not known, "" for the null reverse-path (RFC 5321, section 4.5.5). */
export interface Envelope {
  readonly from: string | null;
  readonly to: string | null;
}

export interface Attachment {
  readonly name: string | null;
  /** In lower case, such as application/pdf. */
  readonly type: string;
  /** In bytes; null where only its name came. */
  readonly size: number | null;
}

/** A mail that was read, in whatever form it came. */
export interface Mail {
  /** With its angle brackets; null where there is none. */
  readonly messageId: string | null;
  readonly envelope: Envelope;
  readonly from: Mailbox | null;
  readonly replyTo: readonly Mailbox[];
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  /** Decoded, one line, "" where there is none. */
  readonly subject: string;
  /** As the sender's clock had it: the header's text. */
  readonly date: string | null;
  /** Plain text; made of `html` where there is no other. At most 200,000 characters, and a mark where it was cut. */
  readonly text: string;
  readonly html: string | null;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly attachments: readonly Attachment[];
  /** What was changed to keep it, in words, by field. */
  readonly notes: readonly string[];
}

export interface MailRecord extends Mail {
  /** 32 hex digits, equal for the same mail. */
  readonly id: string;
  /** When it was kept (ISO 8601). */
  readonly createdAt: string;
  readonly kind: Kind;
  /** Why it is of that kind. */
  readonly rule: string;
  /** The key in EFH_PRIVATE of what came, where this record does not hold all of it; else null. */
  readonly original: string | null;
}
