// How a heal goes or ended, as who ran it says: GitHub of the workflow's run, a webhook of its own.

import type { HealRun } from "../api/schema.d.ts";
import { t } from "../texts.ts";
import { Card } from "../ui/parts.tsx";
import { OutcomeBadge } from "../ui/status.tsx";
import { Age } from "../ui/time.tsx";

/** Whether it is known how it goes, or ended. */
export function isTold(run: HealRun | undefined): run is HealRun {
  return /^(running|done|failed|lost)$/.test(`${run?.status}`);
}

export function isBroken(run: HealRun | undefined): boolean {
  return run?.status === "failed" || run?.status === "lost";
}

export function Newest({ run }: { run: HealRun }) {
  if (!isTold(run)) return null;
  const at = run.endedAt ?? run.startedAt;
  return (
    <Card title={t.heal.newest} aside={at && <Age at={at} />}>
      <Verdict run={run} />
    </Card>
  );
}

export function Verdict({ run: { status, detail, url } }: { run: HealRun }) {
  return (
    <>
      <OutcomeBadge outcome={status} />
      {detail && <p className="oa-said">{detail}</p>}
      {url && (
        <p>
          <a href={url} target="_blank" rel="noreferrer noopener">
            {t.heal.all}
          </a>
        </p>
      )}
    </>
  );
}
