// The journal's failures in groups: what happens again and again, since when, why, and what to run.

import { useJournal } from "../api/queries.ts";
import { type FailureGroup, groupFailures } from "../failures.ts";
import { hashOf, Link } from "../route.tsx";
import { t } from "../texts.ts";
import { Card, CopyButton, Empty, Facts, Read } from "../ui/parts.tsx";
import { Badge, OutcomeBadge, shownOutcome, type Tone } from "../ui/status.tsx";
import { Age, Moment } from "../ui/time.tsx";

const MOST = 500; // entries that the router gives at once
const TONES: Readonly<Record<FailureGroup["trend"], Tone>> = {
  new: "bad",
  rising: "bad",
  steady: "warn",
  falling: "info",
  over: "muted",
};

export function Failures({ since }: { since: string }) {
  const journal = useJournal({ since, limit: MOST });
  return (
    <Card flush>
      <Read query={journal}>
        {({ entries, next }) => {
          const groups = groupFailures(entries);
          return (
            <>
              {next && <p className="oa-empty">{t.failures.capped(MOST, since)}</p>}
              {groups.length === 0 && <Empty>{t.failures.empty(entries.length)}</Empty>}
              <ul className="oa-entries">
                {groups.map((group) => (
                  <Group key={group.key} group={group} />
                ))}
              </ul>
            </>
          );
        }}
      </Read>
    </Card>
  );
}

/** A line that opens; an open one stays so when the journal is read again. */
function Group({ group }: { group: FailureGroup }) {
  const { count, capability, kind, autopilot, command } = group;
  return (
    <li>
      <details>
        <summary>
          <OutcomeBadge outcome={shownOutcome(group)} />
          <span className="oa-grow">
            <span className="oa-what">{capability ?? kind}</span>
            {autopilot && <span className="oa-small"> → {autopilot}</span>}
          </span>
          <Badge tone={TONES[group.trend]}>{t.failures.trends[group.trend]}</Badge>
          <span className="oa-small oa-number">{t.failures.times(count)}</span>
          <span className="oa-small oa-age">
            <Age at={group.lastSeen} />
          </span>
        </summary>
        <Facts
          facts={[
            [t.failures.cause, group.cause],
            [
              t.failures.next,
              <span key="" className="oa-id">
                <code>{command}</code>
                <CopyButton text={command} label={`${t.copy} ${command}`} quiet />
              </span>,
            ],
            [t.failures.why, group.why],
            [t.failures.first, <Moment key="" at={group.firstSeen} />],
            [t.failures.last, <Moment key="" at={group.lastSeen} />],
            [
              t.failures.samples,
              group.samples.map((requestId) => (
                <div key={requestId}>
                  <Link to={hashOf("journal", { requestId })}>{requestId}</Link>
                </div>
              )),
            ],
          ]}
        />
      </details>
    </li>
  );
}
