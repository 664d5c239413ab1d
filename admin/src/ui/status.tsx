// A status is a text, an icon and a colour: none of them alone says it.

import { t } from "../texts.ts";
import { Icon, type IconName } from "./icon.tsx";

export type Tone = "good" | "warn" | "bad" | "muted" | "info";

export function Badge({ tone, icon, children }: { tone: Tone; icon?: IconName; children: React.ReactNode }) {
  return (
    <span className={`oa-badge oa-${tone}`}>
      {icon && <Icon name={icon} />}
      {children}
    </span>
  );
}

const HEALTH = {
  pass: ["good", "check"],
  warn: ["warn", "warn"],
  fail: ["bad", "cross"],
  unknown: ["muted", "question"],
} as const;

export function HealthBadge({ status }: { status: keyof typeof HEALTH }) {
  const [tone, icon] = HEALTH[status];
  return (
    <Badge tone={tone} icon={icon}>
      {t.status[status]}
    </Badge>
  );
}

const OUTCOMES: Readonly<Record<string, readonly [Tone, IconName]>> = {
  done: ["good", "check"],
  ready: ["good", "check"],
  partly: ["warn", "half"],
  accepted: ["info", "clock"],
  running: ["info", "clock"],
  queued: ["info", "clock"],
  waiting: ["warn", "clock"],
  unknown: ["warn", "question"],
  rejected: ["bad", "cross"],
  "not-sent": ["bad", "cross"],
  "not-done": ["muted", "minus"],
  dead: ["bad", "cross"],
  lost: ["bad", "warn"],
  repeated: ["muted", "refresh"],
  "not-ready": ["warn", "warn"],
  nobody: ["bad", "question"],
  invalid: ["bad", "cross"],
  fault: ["bad", "cross"],
  failed: ["bad", "cross"],
  missing: ["bad", "cross"],
  requested: ["info", "wrench"],
  "already-requested": ["info", "clock"],
  "not-configured": ["warn", "warn"],
  approved: ["good", "check"],
  refused: ["bad", "cross"],
  missed: ["warn", "clock"],
  firing: ["bad", "warn"],
  resolved: ["good", "check"],
  pass: ["good", "check"],
  warn: ["warn", "warn"],
  fail: ["bad", "cross"],
};

export function OutcomeBadge({ outcome }: { outcome: string }) {
  const [tone, icon] = OUTCOMES[outcome] ?? ["muted", "minus"];
  return (
    <Badge tone={tone} icon={icon}>
      {t.outcome[outcome] ?? outcome}
    </Badge>
  );
}

/** Of entries of the journal: what the autopilot took and did not end then is in part done too. */
export const shownOutcome = ({ outcome, status }: { outcome: string; status: number | null }): string =>
  outcome === "partly" && status === 202 ? "accepted" : outcome;

/** Of the journal: tasks that came to nothing, or of which nobody knows. */
export const isFailure = (outcome: string): boolean =>
  ["rejected", "not-sent", "unknown", "partly", "dead", "not-ready", "fault"].includes(outcome);
