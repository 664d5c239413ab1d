// Is this call from the orchestrator? Standard Webhooks, by its stock library: an HMAC over id, time and body, at most
// five minutes old. `WEBHOOK_SECRET` holds one secret, or two with a space between them while they are being changed.
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { Problem } from "#worker-kit/problem.ts";
import { notConfigured } from "./problem.ts";

const HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;

/** Throws a problem (401, or 503 where no usable secret is bound) unless one of the secrets signed this body. */
export function verifySignature(secrets: string | undefined, headers: Headers, body: string): void {
  const keys = webhooks(secrets);
  const signed = Object.fromEntries(HEADERS.map((name) => [name, headers.get(name) ?? ""]));
  let reason = "";
  for (const key of keys) {
    try {
      key.verify(body, signed, { jsonParse: false });
      return;
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      reason = error.message;
    }
  }
  throw new Problem({
    status: 401,
    title: "Signature refused",
    detail: `${reason}. Call this autopilot through the orchestrator, which signs each task.`,
    headers: { "www-authenticate": 'StandardWebhooks realm="autopilot"' },
  });
}

function webhooks(secrets: string | undefined): Webhook[] {
  try {
    const keys = (secrets ?? "")
      .split(" ")
      .filter(Boolean)
      .map((secret) => new Webhook(secret));
    if (keys.length > 0) return keys;
  } catch {
    // A secret that is not base64 is as good as none; its text must not reach an answer.
  }
  throw notConfigured(["WEBHOOK_SECRET"], "`pulumi up` binds it to every autopilot's Worker.");
}
