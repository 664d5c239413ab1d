// What differs from what is declared, what a heal would do, one click, and the heal watched to its end.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { data } from "../api/client.ts";
import { IDLE_MS, useApi, useDiagnosis, useHealRun, useHealth, useJournal } from "../api/queries.ts";
import type { HealAnswer, HealRun, Missing } from "../api/schema.d.ts";
import { useRights } from "../rights.ts";
import { t } from "../texts.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import { Button, Card, CopyButton, Empty, Failure, Read, Screen } from "../ui/parts.tsx";
import { Badge } from "../ui/status.tsx";
import { Age } from "../ui/time.tsx";
import { isBroken, isTold, Newest, Verdict } from "./heal-run.tsx";
import { Entries } from "./journal.tsx";

const WATCH_MS = 4_000;
/** What is not well that long after a heal was asked for counts as not mended, where nobody says how the heal ended. */
const LONGEST_MINUTES = 10;
const HOLDS_DATA = new Set(["kvNamespace", "r2Bucket", "d1Database"]);

export function HealScreen() {
  const { client } = useApi();
  const { may } = useRights();
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const [begun, setBegun] = useState<string | null>(null);
  const [isEnded, setEnded] = useState(false);
  const [wasLate, setWasLate] = useState(false);
  /** The id of a heal that had ended before; undefined where the newest is meant, whichever it is. */
  const [before, setBefore] = useState<string | null>();
  const isOverdueAt = (readAt: number) => begun !== null && readAt - Date.parse(begun) >= LONGEST_MINUTES * 60_000;
  const isWatched = begun !== null && !isEnded;
  const diagnosis = useDiagnosis(isWatched ? (readAt) => (isOverdueAt(readAt) ? IDLE_MS : WATCH_MS) : undefined);
  const ours = (run: HealRun | undefined) => (run?.id === before ? undefined : run);
  const newest = useHealRun((run) => isWatched && (isBroken(ours(run)) ? IDLE_MS : WATCH_MS)).data;
  const late = diagnosis.data?.checks.find(({ name, state }) => name === "cron" && state === "problem");
  const heal = useMutation({
    mutationFn: async () => {
      const earlier = await data(client.GET("/autopilot/heal")).catch(() => newest);
      const answer = await data<HealAnswer>(client.POST("/autopilot/heal"));
      setBefore(answer.requested && earlier?.status !== "running" ? (earlier?.id ?? null) : undefined);
      return answer;
    },
    onSuccess: ({ status }) => {
      if (status === "requested" || status === "already-requested") {
        setBegun(new Date().toISOString());
        setEnded(false);
        setWasLate(late !== undefined);
      }
      void queries.invalidateQueries();
    },
  });
  const actions = may("heal") && (
    <Button kind="main" icon="wrench" onClick={() => setAsking(true)} disabled={heal.isPending}>
      {t.heal.go}
    </Button>
  );
  return (
    <Screen title={t.heal.title} lead={t.heal.lead} actions={actions}>
      {!may("heal") && <Empty>{t.heal.notHealing}</Empty>}
      {heal.error && <Failure error={heal.error} />}
      {heal.data && <Asked answer={heal.data} />}
      {begun && (
        <Watch
          key={begun}
          begun={begun}
          missing={diagnosis.data?.missing}
          run={ours(newest)}
          cron={wasLate ? { isWell: !late } : undefined}
          isOverdue={isOverdueAt(Math.max(diagnosis.dataUpdatedAt, diagnosis.errorUpdatedAt))}
          detail={heal.data?.detail ?? ""}
          isOver={isEnded}
          onEnd={() => setEnded(true)}
        />
      )}
      <Read query={diagnosis}>{({ missing }) => <Differs missing={missing} late={late?.detail} />}</Read>
      {newest && !isWatched && <Newest run={newest} />}
      <LastHeals />
      {isAsking && (
        <Dialog title={t.heal.confirmTitle} onClose={() => setAsking(false)}>
          <p>{t.heal.confirm}</p>
          <div className="oa-actions">
            <Button
              kind="main"
              onClick={() => {
                setAsking(false);
                heal.mutate();
              }}
            >
              {t.heal.go}
            </Button>
            <Button onClick={() => setAsking(false)}>{t.cancel}</Button>
          </div>
        </Dialog>
      )}
    </Screen>
  );
}

function Asked({ answer }: { answer: HealAnswer }) {
  const isUnderWay = answer.status === "requested" || answer.status === "already-requested";
  return (
    <div className={isUnderWay ? "oa-well" : "oa-problem"} role="status">
      <Icon name={isUnderWay ? "clock" : "warn"} />
      <p>{answer.detail}</p>
    </div>
  );
}

function Differs({ missing, late }: { missing: readonly Missing[]; late: string | undefined }) {
  const lost = missing.filter(({ kind }) => HOLDS_DATA.has(kind));
  const others = missing.filter(({ kind }) => !HOLDS_DATA.has(kind));
  return (
    <>
      <Card title={t.heal.differs} flush>
        {missing.length === 0 && !late ? (
          <div className="oa-empty">
            <p>{t.heal.nothing}</p>
            <p className="oa-hint">{t.heal.nothingHint}</p>
          </div>
        ) : (
          <ul className="oa-rows">
            {missing.map(({ kind, name }) => (
              <li key={`${kind} ${name}`}>
                <Badge tone="bad" icon="cross">
                  {t.diagnose.states.missing}
                </Badge>
                <span className="oa-grow">
                  {t.heal.kinds[kind] ?? kind} <strong>{name}</strong>
                </span>
              </li>
            ))}
            {late && (
              <li>
                <Badge tone="bad" icon="clock">
                  {t.heal.late}
                </Badge>
                <span className="oa-grow">{late}</span>
              </li>
            )}
          </ul>
        )}
      </Card>
      {(missing.length > 0 || late) && (
        <Card title={t.heal.would}>
          <ul className="oa-plain">
            {lost.map(({ name }) => {
              const command = `python -m orchestrator heal --recreate ${name}`;
              return (
                <li key={name}>
                  <Badge tone="bad" icon="warn">
                    {t.heal.lost}
                  </Badge>{" "}
                  {t.heal.wouldMake(name)}
                  <p>
                    <code>{command}</code> <CopyButton text={command} label={t.copy} />
                  </p>
                </li>
              );
            })}
            {others.map(({ name }) => (
              <li key={name}>{t.heal.wouldDeploy(name)}</li>
            ))}
            <li>{t.heal.wouldCron}</li>
          </ul>
        </Card>
      )}
    </>
  );
}

/** The steps, each from what the router itself has seen since the heal was asked for. */
function Watch(props: {
  begun: string;
  missing: readonly Missing[] | undefined;
  /** The heal itself, as who runs it says. */
  run: HealRun | undefined;
  /** Of one that was late when the heal was asked for. */
  cron: { readonly isWell: boolean } | undefined;
  /** Whether it was looked at so late that a heal would have been done; it may still be mended. */
  isOverdue: boolean;
  /** What the router said of the heal that was asked for. */
  detail: string;
  /** Whether all of them were done: then it stays so, and nothing is asked any more. */
  isOver: boolean;
  onEnd: () => void;
}) {
  const { begun, missing, run, cron, isOverdue, detail, isOver, onEnd } = props;
  const { data: health } = useHealth(!isOver && !isOverdue);
  const told = isTold(run) ? run : undefined;
  const isComplete = missing?.length === 0;
  const looked = health?.checks["orchestrator:infrastructure"]?.[0]?.time;
  const hasLooked = looked !== undefined && looked > begun;
  const steps = [
    [t.heal.asked, true],
    ...(told ? [[t.heal.ran, isOver || told.status === "done"] as const] : []),
    [t.heal.account, isOver || isComplete],
    ...(cron ? [[t.heal.fires, isOver || cron.isWell] as const] : []),
    [t.heal.looked, isOver || hasLooked],
  ] as const;
  // A trigger that was set again fires at its next time, which may be long after the heal has ended.
  const isMended = isComplete && (!cron || cron.isWell || told?.status === "done");
  const isLate = isOverdue && told?.status !== "running" && !isMended;
  const isFailed = isBroken(told) || isLate;
  const isEnded = steps.every(([, isDone]) => isDone);
  useEffect(() => {
    if (isEnded && !isOver) onEnd();
  }, [isEnded, isOver, onEnd]);
  return (
    <Card
      title={t.heal.watching}
      aside={
        <span className="oa-small">
          <Age at={begun} />
        </span>
      }
    >
      <ol className="oa-steps" aria-live="polite">
        {steps.map(([name, isDone]) => (
          <li key={name} className={isDone ? "oa-step-done" : undefined}>
            <Icon name={isDone ? "check" : isFailed ? "cross" : "clock"} />
            <span>{name}</span>
            {!isDone && <span className="oa-small">{isFailed ? t.heal.notSeen : t.heal.waiting}</span>}
          </li>
        ))}
        {told && isBroken(told) && (
          <li>
            <div className="oa-grow">
              <Verdict run={told} />
            </div>
          </li>
        )}
        {isLate && !isBroken(told) && !isOver && (
          <li>
            <Badge tone="bad" icon="cross">
              {t.heal.notMended}
            </Badge>
            <span className="oa-grow">
              {t.heal.still(
                LONGEST_MINUTES,
                missing?.map(({ kind, name }) => `${t.heal.kinds[kind] ?? kind} ${name}`),
              )}{" "}
              {t.heal.whereTold(detail)}
            </span>
          </li>
        )}
      </ol>
      {isEnded && (
        <p role="status">
          <strong>{t.heal.ended}</strong>
        </p>
      )}
    </Card>
  );
}

function LastHeals() {
  const journal = useJournal({ kind: "heal", limit: 10 });
  if (!journal.data?.entries.length) return null;
  return (
    <Card title={t.nav.journal} flush>
      <Entries entries={journal.data.entries} />
    </Card>
  );
}
