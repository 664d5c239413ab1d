// Runs a task: which one, with what, and what came back.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { type Askable, useApi, useCapability, useList, useSkills } from "../api/queries.ts";
import { explainTask, runTask } from "../api/run.ts";
import { useRights } from "../rights.ts";
import { hashOf, useNavigation } from "../route.tsx";
import { t } from "../texts.ts";
import { Dialog } from "../ui/dialog.tsx";
import { JsonText, type Schema, SchemaForm } from "../ui/form.tsx";
import { Button, Card, CopyButton, Empty, Facts, Failure, Field, Loading, Read, Screen } from "../ui/parts.tsx";
import { Badge } from "../ui/status.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { curlOf, isObject, keepMeta, lastMeta, type Meta } from "./payload.ts";
import { Followed, Result } from "./result.tsx";

const EXAMPLE: Meta = { pageType: "home", description: "Welcome page for new students" };
const EXAMPLE_TASK = "generate_page";
/** What no task changes, and costs a request. */
const UNCHANGED: ReadonlySet<unknown> = new Set(["diagnosis", "capability", "me"]);

export function RunScreen() {
  const { me, may } = useRights();
  return (
    <Screen title={t.run.title}>
      {!me ? <Loading /> : !may("plan") ? <Empty>{t.run.notAllowed}</Empty> : may("read") ? <Listed /> : <Skills />}
    </Screen>
  );
}

function Listed() {
  const list = useList();
  return <Read query={list}>{(list) => <Chosen list={list} />}</Read>;
}

function Skills() {
  const skills = useSkills();
  return <Read query={skills}>{(list) => <Chosen list={list} />}</Read>;
}

function Chosen({ list }: { list: Askable }) {
  const { place, go } = useNavigation();
  const { mayRun } = useRights();
  const tasks = list.tasks.filter(({ name }) => mayRun(name));
  const named = new Set(list.tasks.map(({ capability }) => capability));
  const others = list.capabilities.filter((each) => !named.has(each) && mayRun(each));
  const known = [...tasks.map(({ name }) => name), ...others];
  const wanted = place.query.task ?? "";
  const task = list.capabilities.includes(wanted) || known.includes(wanted) ? wanted : (known[0] ?? "");
  return (
    <>
      <div className="oa-filters">
        <Field label={t.run.task}>
          {(id) => (
            <select
              id={id}
              value={task}
              onChange={({ target }) => go(hashOf("run", { task: target.value }), "replace")}
            >
              <optgroup label={t.run.tasks}>
                {tasks.map(({ name, description }) => (
                  <option key={name} value={name}>
                    {description ? `${name} · ${description}` : name}
                  </option>
                ))}
              </optgroup>
              {others.length > 0 && (
                <optgroup label={t.run.capabilities}>
                  {others.map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </optgroup>
              )}
            </select>
          )}
        </Field>
      </div>
      {task && <TaskForm key={task} task={task} list={list} followed={place.query.run} />}
    </>
  );
}

/** `followed`: a run whose answer is looked for. */
function TaskForm({ task, list, followed }: { task: string; list: Askable; followed: string | undefined }) {
  const api = useApi();
  const queries = useQueryClient();
  const rule = list.tasks.find(({ name }) => name === task);
  const capability = rule?.capability ?? task;
  const isOnce = rule?.once ?? list.tasks.some((each) => each.once && each.capability === capability);
  const { may } = useRights();
  const { data: entry } = useCapability(capability, may("read"));
  const schema: Schema | undefined = entry?.meta;
  const [meta, setMeta] = useState<Meta>(() => lastMeta(task));
  const [view, setView] = useState<"form" | "json">("form");
  const [edition, setEdition] = useState(0);
  const [key, setKey] = useState<string>(() => crypto.randomUUID());
  const [isConfirming, setConfirming] = useState(false);
  const [soFar, setSoFar] = useState("");
  const answers = useRef<HTMLDivElement>(null);
  const isFormable = schema?.properties !== undefined;
  const isKnown = Object.keys(meta).every((name) => schema?.properties?.[name] !== undefined);
  const shown = isFormable && isKnown ? view : "json";
  const request = { task, meta, key: isOnce ? key : undefined };

  // On a phone it is below the form, and out of sight.
  const reveal = () => {
    const place = answers.current;
    if (place && place.getBoundingClientRect().top > innerHeight / 2) place.scrollIntoView();
  };
  const run = useMutation({
    mutationFn: () => runTask(api, request, setSoFar),
    onMutate: () => {
      setSoFar("");
      keepMeta(task, meta);
      reveal();
    },
    onSettled: () => queries.invalidateQueries({ predicate: ({ queryKey: [what] }) => !UNCHANGED.has(what) }),
  });
  const explain = useMutation({ mutationFn: () => explainTask(api, request), onMutate: reveal });
  const start = () => {
    if (isOnce) setConfirming(true);
    else run.mutate();
  };
  const example = entry?.examples?.[0]?.meta ?? (task === EXAMPLE_TASK ? EXAMPLE : undefined);

  return (
    <div className="oa-columns oa-run">
      <form
        className="oa-card"
        onSubmit={(event) => {
          event.preventDefault();
          start();
        }}
      >
        <header className="oa-card-head">
          <h2>
            <code>{capability}</code>
          </h2>
          {isOnce && (
            <Badge tone="warn" icon="warn">
              {t.run.once}
            </Badge>
          )}
        </header>
        <div className="oa-card-body">
          {entry?.description && <p>{entry.description}</p>}
          {isOnce && (
            <Field label={t.run.key} hint={t.run.keyHint}>
              {(id, hint) => (
                <div className="oa-inline">
                  <input
                    id={id}
                    aria-describedby={hint}
                    required
                    maxLength={255}
                    value={key}
                    onChange={({ target }) => setKey(target.value)}
                    spellCheck={false}
                  />
                  <Button onClick={() => setKey(crypto.randomUUID())}>{t.run.newKey}</Button>
                </div>
              )}
            </Field>
          )}
          <Tabs
            label={t.run.metaAs}
            tabs={[
              ["form", t.run.form],
              ["json", t.run.json],
            ]}
            selected={shown}
            onSelect={(tab) => {
              setEdition(edition + 1);
              setView(tab);
            }}
          >
            {shown === "form" ? (
              <SchemaForm schema={schema!} value={meta} onChange={setMeta} />
            ) : (
              <Field
                label={t.run.meta}
                hint={!isFormable ? t.run.noSchema : isKnown ? t.run.notAnObject : t.run.formNotForThis}
              >
                {(id) => (
                  <JsonText
                    key={edition}
                    id={id}
                    rows={12}
                    value={meta}
                    onChange={(value) => setMeta(isObject(value) ? value : {})}
                  />
                )}
              </Field>
            )}
          </Tabs>
          <div className="oa-actions">
            <Button kind="main" icon="play" type="submit" disabled={run.isPending}>
              {run.isPending ? t.run.running : t.run.run}
            </Button>
            <Button onClick={() => explain.mutate()} disabled={explain.isPending}>
              {t.run.explain}
            </Button>
            <CopyButton text={curlOf(api.baseUrl, request)} label={t.run.curl} />
            {example && (
              <Button
                kind="quiet"
                onClick={() => {
                  setMeta(example);
                  setEdition(edition + 1);
                }}
              >
                {t.run.example}
              </Button>
            )}
          </div>
        </div>
      </form>
      <div aria-live="polite" ref={answers}>
        {explain.error && <Failure error={explain.error} />}
        {explain.data && (
          <Card title={t.run.decision}>
            <p>
              <strong>{t.run.decided(explain.data.autopilot)}</strong>
            </p>
            <Facts facts={[[t.runs.capability, explain.data.capability]]} />
            <ul className="oa-plain">
              {explain.data.reasons.map((reason) => (
                <li key={reason}>{reason}</li>
              ))}
            </ul>
          </Card>
        )}
        {run.error && <Failure error={run.error} />}
        {run.isPending ? (
          <Card title={t.run.result}>
            {soFar ? <pre className="oa-raw">{soFar}</pre> : <Empty>{t.run.running}</Empty>}
          </Card>
        ) : run.data ? (
          <>
            {(run.data.autopilot || !run.data.run) && <Result answer={run.data} />}
            {run.data.run && <Followed id={run.data.run} />}
          </>
        ) : followed && run.isIdle ? (
          <Followed id={followed} />
        ) : (
          !run.error &&
          !explain.data &&
          !explain.error && (
            <Card title={t.run.result}>
              <Empty>{t.run.waiting}</Empty>
            </Card>
          )
        )}
      </div>
      {isConfirming && (
        <Dialog title={t.run.confirmTitle} onClose={() => setConfirming(false)}>
          <p>{t.run.confirm(task)}</p>
          <p>
            <code>{key}</code>
          </p>
          <div className="oa-actions">
            <Button
              kind="danger"
              onClick={() => {
                setConfirming(false);
                run.mutate();
              }}
            >
              {t.run.run}
            </Button>
            <Button onClick={() => setConfirming(false)}>{t.cancel}</Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
