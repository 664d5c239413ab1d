// What is used of the free plan, as Cloudflare says, or by our own counts and why.

import { useUsage } from "../api/queries.ts";
import { t } from "../texts.ts";
import { Card, Read } from "../ui/parts.tsx";
import { Age } from "../ui/time.tsx";

export function Usage() {
  const usage = useUsage();
  return (
    <Card title={t.overview.usage}>
      <Read query={usage}>
        {({ source, at, reason, resources }) => (
          <>
            {resources.map(({ name, used, limit, per }) => (
              <Bar
                key={name}
                label={per === "month" ? t.overview.usageOfMonth(t.overview.usages[name]) : t.overview.usages[name]}
                used={used}
                most={limit}
                isAbout={source === "cloudflare" && name !== "journalEntries"}
              />
            ))}
            <p className="oa-hint">
              {source === "cloudflare" ? (
                <>
                  {t.overview.usageHint} <Age at={at} />.
                </>
              ) : (
                t.overview.usageHintOwn(reason ?? "")
              )}
            </p>
          </>
        )}
      </Read>
    </Card>
  );
}

function Bar({ label, used, most, isAbout }: { label: string; used: number; most: number; isAbout: boolean }) {
  const number = new Intl.NumberFormat();
  return (
    <div className="oa-bar">
      <span>{label}</span>
      <span className="oa-small">
        {(isAbout ? t.overview.usageOfAbout : t.overview.usageOf)(number.format(used), number.format(most))}
      </span>
      <meter aria-label={label} min={0} max={most} low={most * 0.8} high={most * 0.95} optimum={0} value={used} />
    </div>
  );
}
