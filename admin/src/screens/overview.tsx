// What is well, what is not and why, the newest failure first; what the tasks did lately; what the free plan has left.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { data } from "../api/client.ts";
import { useApi, useHealth, useJournal, useList, useStats } from "../api/queries.ts";
import type { Autopilot, Check, Entry, Figures, Health } from "../api/schema.d.ts";
import { adviceFor } from "../failures.ts";
import { type Right, useRights } from "../rights.ts";
import { hashOf, Link } from "../route.tsx";
import { t } from "../texts.ts";
import { Icon } from "../ui/icon.tsx";
import { Button, Card, Empty, Failure, Read, Screen } from "../ui/parts.tsx";
import { HealthBadge, isFailure, OutcomeBadge, shownOutcome } from "../ui/status.tsx";
import { Age, duration } from "../ui/time.tsx";
import { Alerts } from "./alerts.tsx";
import { EntryWhat } from "./journal.tsx";
import { Usage } from "./usage.tsx";

const SHOWN_FAILURES = 8;

export function OverviewScreen() {
  const { client } = useApi();
  const { may } = useRights();
  const queries = useQueryClient();
  const health = useHealth();
  const look = useMutation({
    mutationFn: () => data(client.POST("/__scheduled")),
    onSettled: () => queries.invalidateQueries(),
  });
  const actions = may("heal") && (
    <Button icon="refresh" onClick={() => look.mutate()} disabled={look.isPending}>
      {look.isPending ? t.overview.looking : t.overview.lookNow}
    </Button>
  );
  return (
    <Screen title={t.overview.title} actions={actions}>
      {look.error && <Failure error={look.error} />}
      <Read query={health}>{(health) => <Attention health={health} />}</Read>
      <Autopilots health={health.data} />
      <Alerts />
      <div className="oa-columns">
        <Failures />
        <Usage />
      </div>
    </Screen>
  );
}

interface Trouble {
  readonly key: string;
  readonly name: string;
  readonly check: Check;
  readonly since: string | undefined;
  readonly to: string;
  readonly action: string;
}

type Place = readonly [to: string, action: string];

const DIAGNOSE: Place = [hashOf("diagnose"), t.nav.diagnose];
const HEAL: Place = [hashOf("heal"), t.nav.heal];
const UNKNOWN_RUNS = hashOf("runs", { status: "unknown" });

/** What is not well, the newest first; what is of unknown age, last. Each leads to where this caller can do something. */
function troubles({ checks }: Health, may: (right: Right) => boolean): Trouble[] {
  const healed = may("heal") ? HEAL : DIAGNOSE;
  const system: Readonly<Record<string, readonly [string, ...Place]>> = {
    "orchestrator:settings": [t.overview.settings, ...DIAGNOSE],
    "orchestrator:cron": [t.overview.cron, ...healed],
    "orchestrator:infrastructure": [t.overview.infrastructure, ...healed],
    "orchestrator:runs": [t.overview.runs, UNKNOWN_RUNS, may("resolve") ? t.overview.toRuns : t.nav.runs],
  };
  return Object.entries(checks)
    .flatMap(([key, [check]]) => {
      if (!check || check.status === "pass" || check.status === "unknown") return [];
      const [name, to, action] = system[key] ?? [
        check.componentId ?? key,
        hashOf("autopilots", {}, check.componentId),
        t.overview.toAutopilot,
      ];
      return [{ key, name, check, since: check.failingSince ?? check.since, to, action }];
    })
    .sort((a, b) => (b.since ?? "").localeCompare(a.since ?? ""));
}

function Attention({ health }: { health: Health }) {
  const { may } = useRights();
  const found = troubles(health, may);
  const looked = health.checks["orchestrator:cron"]?.[0]?.time ?? health.checks["orchestrator:runs"]?.[0]?.time;
  if (found.length === 0) {
    return (
      <div className="oa-well" role="status">
        <Icon name="check" />
        <p>
          <strong>{t.overview.well}</strong>{" "}
          <span className="oa-small">
            {looked ? (
              <>
                {t.overview.wellHint("").replace(/\s*\.$/, "")} <Age at={looked} />.
              </>
            ) : (
              t.overview.neverLooked
            )}
          </span>
        </p>
      </div>
    );
  }
  return (
    <Card title={t.overview.attention(found.length)} flush>
      <ul className="oa-troubles">
        {found.map(({ key, name, check, since, to, action }) => (
          <li key={key}>
            <HealthBadge status={check.status} />
            <div>
              <strong>{name}</strong> <span>{check.output}</span>
              {(since ?? check.time) && (
                <span className="oa-small">
                  {" "}
                  {since ? t.overview.since : t.overview.seen} <Age at={since ?? check.time} />
                </span>
              )}
            </div>
            <Link to={to} className="oa-button">
              {action}
              <span className="oa-visually-hidden"> {name}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Autopilots({ health }: { health: Health | undefined }) {
  const list = useList();
  const stats = useStats("24h");
  return (
    <Card title={t.overview.autopilots} flush>
      <Read query={list}>
        {({ autopilots }) => (
          <ul className="oa-autopilots">
            {autopilots.map((autopilot) => (
              <AutopilotRow
                key={autopilot.name}
                autopilot={autopilot}
                check={health?.checks[`${autopilot.name}:health`]?.[0]}
                figures={stats.data?.autopilots[autopilot.name]}
              />
            ))}
          </ul>
        )}
      </Read>
    </Card>
  );
}

function AutopilotRow(props: { autopilot: Autopilot; check: Check | undefined; figures: Figures | undefined }) {
  const { autopilot, check, figures } = props;
  const errors = figures?.errors ?? 0;
  return (
    <li>
      <div className="oa-autopilot-name">
        <Link to={hashOf("autopilots", {}, autopilot.name)}>{autopilot.name}</Link>
        {autopilot.source === "registered" && <span className="oa-tag">{t.overview.registered}</span>}
        <p className="oa-small">{autopilot.capabilities.join(" · ")}</p>
      </div>
      <div className="oa-autopilot-health">
        <HealthBadge status={autopilot.status} />
        {check?.since && (
          <span className="oa-small">
            {t.overview.since} <Age at={check.since} />
          </span>
        )}
        {check?.time && (
          <span className="oa-small">
            {t.overview.probed} <Age at={check.time} />
          </span>
        )}
      </div>
      <dl className="oa-figures">
        <div>
          <dt>{t.overview.tasks24}</dt>
          <dd>{figures?.decisions ?? 0}</dd>
        </div>
        <div>
          <dt>{t.overview.errors}</dt>
          <dd className={errors ? "oa-bad-text" : undefined}>{errors}</dd>
        </div>
        <div>
          <dt>{t.overview.latency}</dt>
          <dd>{duration(figures?.latencyMs.p90)}</dd>
        </div>
      </dl>
    </li>
  );
}

function Failures() {
  const journal = useJournal({ kind: "plan", limit: 200 });
  return (
    <Card
      title={t.overview.failures}
      flush
      aside={
        <Link to={hashOf("journal")} className="oa-small">
          {t.nav.journal}
        </Link>
      }
    >
      <Read query={journal}>
        {({ entries }) => {
          const failures = entries.filter(({ outcome }) => isFailure(outcome)).slice(0, SHOWN_FAILURES);
          if (failures.length === 0) return <Empty>{t.overview.noFailures}</Empty>;
          return (
            <ul className="oa-feed">
              {failures.map((entry: Entry) => (
                <li key={entry.requestId}>
                  <OutcomeBadge outcome={shownOutcome(entry)} />
                  <Link to={hashOf("journal", { requestId: entry.requestId })}>
                    <EntryWhat entry={entry} />
                    <span className="oa-hint oa-cause">{adviceFor(entry).cause}</span>
                  </Link>
                  <span className="oa-small">
                    <Age at={entry.at} />
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Read>
    </Card>
  );
}
