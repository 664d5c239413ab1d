// What became of tasks that must not be done twice, and of those that nobody waits for; a person says how an unknown one
// ended, cancels what has not begun, and has tried again what was given up.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { data } from "../api/client.ts";
import { shownStatus, useApi, useList, useRuns } from "../api/queries.ts";
import type { Run, RunStatus } from "../api/schema.d.ts";
import { useRights } from "../rights.ts";
import { hashOf, Link, useNavigation } from "../route.tsx";
import { t } from "../texts.ts";
import { Icon } from "../ui/icon.tsx";
import { Button, Card, Empty, Facts, Failure, Id, More, Read, Screen, Select } from "../ui/parts.tsx";
import { OutcomeBadge } from "../ui/status.tsx";
import { Age, Moment } from "../ui/time.tsx";
import { SINCE } from "./journal.tsx";
import { type Asked, Word, wordFor } from "./word.tsx";

const STATUSES = ["unknown", "queued", "running", "done", "not-done", "dead"] as const satisfies readonly RunStatus[];
const PAGE = 50;

export function RunsScreen() {
  const { place, go } = useNavigation();
  const { query } = place;
  const [limit, setLimit] = useState(PAGE);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [saved, setSaved] = useState("");
  const { may } = useRights();
  const { data: list } = useList(may("read"));
  const status = STATUSES.find((each) => each === query.status);
  const runs = useRuns({
    ...(status ? { status } : {}),
    ...(query.task ? { task: query.task } : {}),
    ...(query.since ? { since: query.since } : {}),
    limit,
  });
  const set = (changes: Record<string, string>) => go(hashOf("runs", { ...query, ...changes }), "replace");
  const tasks = list?.tasks.map(({ name }) => [name, name] as const) ?? [];
  return (
    <Screen title={t.runs.title} lead={t.runs.lead}>
      <div className="oa-filters">
        <Select
          label={t.runs.status}
          value={status ?? ""}
          options={[["", t.all], ...STATUSES.map((each) => [each, t.outcome[each]!] as const)]}
          onChange={(status) => set({ status })}
        />
        <Select
          label={t.runs.task}
          value={query.task ?? ""}
          options={[["", t.all], ...tasks]}
          onChange={(task) => set({ task })}
        />
        <Select label={t.runs.since} value={query.since ?? ""} options={SINCE} onChange={(since) => set({ since })} />
      </div>
      {saved && (
        <div className="oa-well" role="status">
          <Icon name="check" />
          <p>{saved}</p>
        </div>
      )}
      <Card flush>
        <Read query={runs}>
          {({ runs, next }) => (
            <>
              {runs.length === 0 && <Empty>{t.runs.empty}</Empty>}
              <ul className="oa-entries">
                {runs.map((run) => (
                  <RunRow key={run.id} run={run} onAsk={setAsked} />
                ))}
              </ul>
              {next && <More limit={limit} onMore={setLimit} />}
            </>
          )}
        </Read>
      </Card>
      {asked && <Word {...asked} onClose={() => setAsked(null)} onSaved={setSaved} />}
    </Screen>
  );
}

function RunRow({ run, onAsk }: { run: Run; onAsk: (asked: Asked) => void }) {
  const { me, may, mayRun, maySettle } = useRights();
  const { answer, callback } = run;
  const word = wordFor(run);
  return (
    <li>
      <details>
        <summary>
          <OutcomeBadge outcome={shownStatus(run)} />
          <span className="oa-grow">
            <span className="oa-what">{run.task}</span>
            <span className="oa-small"> → {run.autopilot}</span>
          </span>
          <span className="oa-small oa-wide">{run.caller}</span>
          <span className="oa-small oa-age">
            <Age at={run.createdAt} />
          </span>
        </summary>
        {run.why && <p className="oa-why">{run.why}</p>}
        <Facts
          facts={[
            [t.runs.id, <Id key="">{run.id}</Id>],
            [t.runs.key, <Id key="">{run.idempotencyKey}</Id>],
            [t.runs.requestId, <Id key="">{run.requestId}</Id>],
            [t.runs.caller, run.caller],
            [t.runs.capability, run.capability],
            [t.runs.attempts, run.attempts],
            [t.runs.created, <Moment key="" at={run.createdAt} />],
            ...(run.schedule ? [[t.runs.schedule, <Id key="">{run.schedule}</Id>] as const] : []),
            ...(callback
              ? [[t.runs.callback, t.runs.calledBack(callback.url, callback.status ?? t.none)] as const]
              : []),
            ...(run.nextTryAt ? [[t.runs.next, <Moment key="" at={run.nextTryAt} />] as const] : []),
            ...(run.attemptsLeft === undefined ? [] : [[t.runs.left, run.attemptsLeft] as const]),
            [t.runs.finished, <Moment key="" at={run.finishedAt} />],
            [t.runs.answer, answer ? t.runs.answerIs(answer.status, answer.type ?? "", bytes(answer.bytes)) : t.none],
            ...run.resolutions.map(
              ({ resolution, by, at, note }, index) =>
                [
                  `${t.runs.resolutions} ${index + 1}`,
                  <span key="">
                    <OutcomeBadge outcome={resolution} /> {by}, <Moment at={at} /> {note}
                  </span>,
                ] as const,
            ),
          ]}
        />
        <div className="oa-actions">
          {word && may(word) && maySettle(run.caller) && (
            <Button kind="main" onClick={() => onAsk({ run, word })}>
              {t.runs[word]}
            </Button>
          )}
          <Later run={run} />
          {answer && run.attemptsLeft !== undefined && me?.caller === run.caller && (
            <Link className="oa-button" to={hashOf("run", { task: run.task, run: run.id })}>
              {t.runs.answer}
            </Link>
          )}
          {mayRun(run.task) && (
            <Link className="oa-button" to={hashOf("run", { task: run.task })}>
              {t.runs.again}
            </Link>
          )}
          <Link className="oa-button" to={hashOf("journal", { requestId: run.requestId })}>
            {t.runs.journal}
          </Link>
        </div>
        {word && may(word) && !maySettle(run.caller) && <p className="oa-hint">{t.runs.ownRun}</p>}
      </details>
    </li>
  );
}

/** Of a run that nobody waits for: it is cancelled before it begins, and tried again where it was given up. */
function Later({ run }: { run: Run }) {
  const { client } = useApi();
  const { me, may } = useRights();
  const queries = useQueryClient();
  const isQueued = run.status === "queued";
  const isOver = run.attemptsLeft !== undefined && (run.status === "dead" || run.status === "not-done");
  const change = useMutation({
    mutationFn: () => {
      const params = { path: { id: run.id } };
      return isQueued
        ? data(client.DELETE("/autopilot/runs/{id}", { params }))
        : data(client.POST("/autopilot/runs/{id}/retry", { params }));
    },
    onSettled: () => queries.invalidateQueries(),
  });
  const isAllowed = isQueued ? may("resolve") || me?.caller === run.caller : isOver && may("resolve");
  return (
    <>
      {isAllowed && (
        <Button disabled={change.isPending} onClick={() => change.mutate()}>
          {isQueued ? t.runs.cancel : t.runs.retry}
        </Button>
      )}
      {change.error && <Failure error={change.error} />}
    </>
  );
}

function bytes(count: number | null): string {
  return count === null
    ? ""
    : new Intl.NumberFormat(undefined, { style: "unit", unit: "byte", unitDisplay: "long" }).format(count);
}
