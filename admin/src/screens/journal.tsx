// The journal, a page at a time, with its filters in the URL.

import { useState } from "react";
import { useJournal } from "../api/queries.ts";
import type { Entry } from "../api/schema.d.ts";
import { adviceFor } from "../failures.ts";
import { useRights } from "../rights.ts";
import { hashOf, Link, useNavigation } from "../route.tsx";
import { t } from "../texts.ts";
import { Button, Card, Empty, Facts, Field, Id, More, Read, Screen, Select } from "../ui/parts.tsx";
import { isFailure, OutcomeBadge, shownOutcome } from "../ui/status.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Age, duration, Moment } from "../ui/time.tsx";
import { Failures } from "./failures.tsx";

const TEXTS = ["autopilot", "task", "caller", "requestId"] as const;
const KINDS = ["plan", "run", "callback", "schedule", "health", "alert", "infra", "heal", "scheduled", "registry"];
/** Of runs alone, and of what is shown of others. */
const NO_OUTCOMES = ["lost", "running", "waiting", "dead", "accepted"];
const OUTCOMES = Object.keys(t.outcome).filter((each) => !NO_OUTCOMES.includes(each));
export const SINCE = [
  ["", t.runs.sinceAny],
  ["1h", t.runs.sinceHour],
  ["24h", t.runs.sinceDay],
  ["7d", t.runs.sinceWeek],
] as const;
const PAGE = 50;
const DAY = "24h";

const VIEWS = [
  ["entries", t.failures.entries],
  ["failures", t.failures.groups],
] as const;

export function JournalScreen() {
  const { place, go } = useNavigation();
  const view = place.query.view === "failures" ? "failures" : "entries";
  const since = place.query.since ?? "";
  const show = (changes: Record<string, string>) => go(hashOf("journal", { view, since, ...changes }), "replace");
  return (
    <Screen title={t.journal.title} lead={t.journal.lead}>
      <Tabs label={t.failures.views} tabs={VIEWS} selected={view} onSelect={(chosen) => show({ view: chosen })}>
        {view === "entries" ? (
          <EntriesView />
        ) : (
          <>
            <div className="oa-filters">
              <Select
                label={t.journal.since}
                value={since || DAY}
                options={SINCE.filter(([age]) => age)}
                onChange={(age) => show({ since: age })}
              />
            </div>
            <Failures since={since || DAY} />
          </>
        )}
      </Tabs>
    </Screen>
  );
}

function EntriesView() {
  const { place, go } = useNavigation();
  const { view: _view, ...query } = place.query;
  const [limit, setLimit] = useState(PAGE);
  const journal = useJournal({ ...query, limit });
  const set = (changes: Record<string, string>) => go(hashOf("journal", { ...query, ...changes }), "replace");
  const choice = (all: readonly string[]): [string, string][] => [
    ["", t.all],
    ...all.map((each): [string, string] => [each, t.outcome[each] ?? each]),
  ];
  return (
    <>
      <form
        className="oa-filters"
        key={JSON.stringify(query)}
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          set(Object.fromEntries(TEXTS.map((name) => [name, String(form.get(name)).trim()])));
        }}
      >
        <Select
          label={t.journal.kind}
          value={query.kind ?? ""}
          options={choice(KINDS)}
          onChange={(kind) => set({ kind })}
        />
        <Select
          label={t.journal.outcome}
          value={query.outcome ?? ""}
          options={choice(OUTCOMES)}
          onChange={(outcome) => set({ outcome })}
        />
        <Select
          label={t.journal.since}
          value={query.since ?? ""}
          options={SINCE}
          onChange={(since) => set({ since })}
        />
        {TEXTS.map((name) => (
          <Field key={name} label={t.journal[name]}>
            {(id) => <input id={id} name={name} defaultValue={query[name] ?? ""} spellCheck={false} />}
          </Field>
        ))}
        <div className="oa-filter-actions">
          <Button type="submit">{t.journal.filter}</Button>
          <Button kind="quiet" onClick={() => go(hashOf("journal"), "replace")}>
            {t.journal.clear}
          </Button>
        </div>
      </form>
      <Card flush>
        <Read query={journal}>
          {({ entries, next }) => (
            <>
              {entries.length > 0 ? (
                <Entries entries={entries} isOpen={!!query.requestId} />
              ) : (
                <Empty>{t.journal.empty}</Empty>
              )}
              {next && <More limit={limit} onMore={setLimit} />}
            </>
          )}
        </Read>
      </Card>
    </>
  );
}

/** What an entry is about, in a line. */
export function EntryWhat({ entry }: { entry: Entry }) {
  const { task, kind, autopilot, detail } = entry;
  return (
    <>
      <span className="oa-what">{task ?? kind}</span>
      {autopilot && <span className="oa-small"> → {autopilot}</span>}
      {detail && <span className="oa-small"> {detail}</span>}
    </>
  );
}

/** Each a line that opens, or `isOpen` already; an open one stays so when the journal is read again. */
export function Entries({ entries, isOpen }: { entries: readonly Entry[]; isOpen?: boolean }) {
  const { mayRun } = useRights();
  return (
    <ul className="oa-entries">
      {entries.map((entry) => (
        <li key={[entry.requestId, entry.at, entry.kind, entry.autopilot, entry.outcome, entry.detail].join(" ")}>
          <details open={isOpen}>
            <summary>
              <OutcomeBadge outcome={shownOutcome(entry)} />
              <span className="oa-grow">
                <EntryWhat entry={entry} />
              </span>
              <span className="oa-small oa-wide">{entry.caller}</span>
              <span className="oa-small oa-number">{duration(entry.durationMs)}</span>
              <span className="oa-small oa-age">
                <Age at={entry.at} />
              </span>
            </summary>
            <Facts
              facts={[
                [t.journal.at, <Moment key="" at={entry.at} />],
                [t.journal.kind, entry.kind],
                [t.journal.caller, entry.caller || t.none],
                [t.journal.task, entry.task ?? t.none],
                [t.runs.capability, entry.capability ?? t.none],
                [t.journal.autopilot, entry.autopilot ?? t.none],
                [t.journal.status, entry.status ?? t.none],
                [t.journal.duration, duration(entry.durationMs)],
                [t.journal.detail, entry.detail ?? t.none],
                ...(isFailure(entry.outcome) ? [[t.failures.cause, adviceFor(entry).cause] as const] : []),
                [t.journal.requestId, <Id key="">{entry.requestId}</Id>],
              ]}
            />
            {entry.task && mayRun(entry.task) && (
              <div className="oa-actions">
                <Link className="oa-button" to={hashOf("run", { task: entry.task })}>
                  {t.runs.again}
                </Link>
              </div>
            )}
          </details>
        </li>
      ))}
    </ul>
  );
}
