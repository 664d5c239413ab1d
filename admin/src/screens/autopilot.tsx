// One autopilot: how it is, what it can do, what it needs, how its last tasks went.

import { useHealth, useJournal, useList, useStats } from "../api/queries.ts";
import type { Autopilot, Figures } from "../api/schema.d.ts";
import { useRights } from "../rights.ts";
import { hashOf, Link, useNavigation } from "../route.tsx";
import { t } from "../texts.ts";
import { Icon } from "../ui/icon.tsx";
import { Card, Empty, Facts, Read, Screen } from "../ui/parts.tsx";
import { Badge, HealthBadge } from "../ui/status.tsx";
import { Age, duration, Moment } from "../ui/time.tsx";
import { Entries } from "./journal.tsx";

export function AutopilotScreen() {
  const { name } = useNavigation().place;
  const list = useList();
  const { data: health } = useHealth();
  const stats = useStats("24h");
  const { mayRun } = useRights();
  const check = health?.checks[`${name}:health`]?.[0];
  return (
    <Screen title={name}>
      <Read query={list}>
        {({ autopilots, tasks }) => {
          const autopilot = autopilots.find((each) => each.name === name);
          if (!autopilot) return <Empty>{t.autopilot.gone(name)}</Empty>;
          const { worker, endpoint } = autopilot;
          const byService = autopilot.transport === "service" && worker;
          return (
            <>
              <div className="oa-columns">
                <Card title={t.autopilot.health}>
                  <Facts
                    facts={[
                      [t.autopilot.status, <HealthBadge key="" status={autopilot.status} />],
                      [t.autopilot.since, <Age key="" at={check?.since} />],
                      [t.autopilot.lastProbe, <Moment key="" at={check?.time} />],
                      ...(check?.output ? [[t.autopilot.says, check.output] as const] : []),
                      [
                        t.autopilot.reached,
                        byService ? t.autopilot.byService(worker) : t.autopilot.byHttps(endpoint ?? t.none),
                      ],
                      [t.autopilot.source, t.autopilot[autopilot.source]],
                      [t.autopilot.priority, `${autopilot.priority}, ${autopilot.weight}`],
                    ]}
                  />
                </Card>
                <div className="oa-stack">
                  <Card title={t.autopilot.figures}>
                    <Read query={stats}>{({ autopilots }) => <FiguresOf figures={autopilots[name]} />}</Read>
                  </Card>
                  <Needs autopilot={autopilot} />
                </div>
              </div>
              <Card title={t.autopilot.capabilities} flush>
                <ul className="oa-rows">
                  {autopilot.capabilities.map((capability) => {
                    const named = tasks.filter((task) => task.capability === capability);
                    return (
                      <li key={capability}>
                        <Link to={hashOf("catalogue", {}, capability)}>
                          <code>{capability}</code>
                        </Link>
                        {autopilot.unavailable.includes(capability) && (
                          <Badge tone="warn" icon="warn">
                            {t.autopilot.unavailable}
                          </Badge>
                        )}
                        <span className="oa-small oa-grow">{named.map((each) => each.description).join(", ")}</span>
                        {(named.length > 0 ? named.map((each) => each.name) : [capability])
                          .filter(mayRun)
                          .map((task) => (
                            <Link key={task} to={hashOf("run", { task })} className="oa-button">
                              <Icon name="play" />
                              {t.autopilot.run}
                              <span className="oa-visually-hidden"> {task}</span>
                            </Link>
                          ))}
                      </li>
                    );
                  })}
                </ul>
              </Card>
              <LastTasks name={name} />
            </>
          );
        }}
      </Read>
    </Screen>
  );
}

/** Each with whether it was there when the scheduled run looked. */
function Needs({ autopilot: { needs, missing } }: { autopilot: Autopilot }) {
  const { may } = useRights();
  const all = Object.entries(needs).flatMap(([kinds, names]) =>
    names.map((name) => ({ kind: kinds.slice(0, -1), name })),
  );
  return (
    <Card
      title={t.autopilot.needs}
      flush
      aside={missing.length > 0 && may("heal") && <Link to={hashOf("heal")}>{t.nav.heal}</Link>}
    >
      {all.length === 0 && <Empty>{t.autopilot.noNeeds}</Empty>}
      <ul className="oa-rows">
        {all.map(({ kind, name }) => {
          const isMissing = missing.some((each) => each.kind === kind && each.name === name);
          return (
            <li key={`${kind} ${name}`}>
              <Badge tone={isMissing ? "bad" : "good"} icon={isMissing ? "cross" : "check"}>
                {isMissing ? t.diagnose.states.missing : t.autopilot.there}
              </Badge>
              <span className="oa-grow">
                {t.heal.kinds[kind] ?? kind} <strong>{name}</strong>
              </span>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function LastTasks({ name }: { name: string }) {
  const journal = useJournal({ autopilot: name, kind: "plan", limit: 20 });
  return (
    <Card title={t.autopilot.last} flush>
      <Read query={journal}>
        {({ entries }) => (entries.length > 0 ? <Entries entries={entries} /> : <Empty>{t.autopilot.nothing}</Empty>)}
      </Read>
    </Card>
  );
}

function FiguresOf({ figures }: { figures: Figures | undefined }) {
  const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
  const { p50, p90, p99 } = figures?.latencyMs ?? {};
  return (
    <dl className="oa-figures oa-figures-large">
      {(
        [
          [t.autopilot.decisions, figures?.decisions ?? 0],
          [t.autopilot.errorRate, figures ? percent.format(figures.errorRate) : t.none],
          [t.autopilot.p50, duration(p50)],
          [t.autopilot.p90, duration(p90)],
          [t.autopilot.p99, duration(p99)],
        ] as const
      ).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
