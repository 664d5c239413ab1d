// An autopilot's answer: as a JSON tree, as the page or picture that it is or holds, as text, with its headers.

import { useEffect, useMemo, useRef, useState } from "react";
import { shownStatus, useApi, useRun } from "../api/queries.ts";
import { type Answer, answerOf } from "../api/run.ts";
import { t } from "../texts.ts";
import { Json } from "../ui/json.tsx";
import { Card, Facts, Id, Read } from "../ui/parts.tsx";
import { Badge, OutcomeBadge } from "../ui/status.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { duration, Moment } from "../ui/time.tsx";

type View = keyof typeof t.run.views;

/** A run that nobody waits for, to its end and its answer. */
export function Followed({ id }: { id: string }) {
  const query = useRun(id);
  return (
    <Read query={query}>
      {(run) => {
        const answer = answerOf(run);
        return (
          <>
            <Card title={t.run.followed} aside={<OutcomeBadge outcome={shownStatus(run)} />}>
              <Facts
                facts={[
                  [t.runs.id, <Id key="">{id}</Id>],
                  [t.runs.attempts, run.attempts],
                  ...(run.nextTryAt ? [[t.runs.next, <Moment key="" at={run.nextTryAt} />] as const] : []),
                  ...(run.why ? [[t.journal.detail, run.why] as const] : []),
                ]}
              />
            </Card>
            {answer && <Result answer={answer} />}
          </>
        );
      }}
    </Read>
  );
}

export function Result({ answer }: { answer: Answer }) {
  const { text, type, picture } = answer;
  const json = useMemo(() => parsed(text, type), [text, type]);
  const html = useMemo(() => htmlOf(json, text, type), [json, text, type]);
  const views: View[] = [
    ...(html !== undefined ? ["page" as const] : []),
    ...(picture ? ["picture" as const] : []),
    ...(json !== undefined ? ["tree" as const] : []),
    ...(text !== undefined ? ["raw" as const] : []),
    "headers",
  ];
  const [chosen, setChosen] = useState<View | null>(null);
  const view = chosen && views.includes(chosen) ? chosen : views[0]!;
  const isGood = answer.status < 400;
  return (
    <Card
      title={t.run.result}
      aside={
        <span className="oa-small">
          {answer.autopilot && t.run.from(answer.autopilot)} {t.run.took(duration(answer.durationMs))}
        </span>
      }
    >
      <p className="oa-result-head">
        <Badge tone={isGood ? "good" : "bad"} icon={isGood ? "check" : "cross"}>
          {answer.status}
        </Badge>{" "}
        <span className="oa-small">{answer.type}</span>{" "}
        {answer.isReplayed && <Badge tone="info">{t.run.replayed}</Badge>}
      </p>
      <Tabs
        label={t.run.result}
        tabs={views.map((each) => [each, t.run.views[each]] as const)}
        selected={view}
        onSelect={setChosen}
      >
        {view === "page" && <Page html={html!} />}
        {view === "picture" && <img className="oa-picture" src={picture} alt={t.run.views.picture} />}
        {view === "tree" && <Json value={json} />}
        {view === "raw" && (
          <pre className="oa-raw" tabIndex={0}>
            {text}
          </pre>
        )}
        {view === "headers" && (
          <dl className="oa-facts">
            {answer.headers.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  <code>{value}</code>
                </dd>
              </div>
            ))}
          </dl>
        )}
      </Tabs>
    </Card>
  );
}

/** In a frame without any right (preview.html has a policy of its own); its HTML is handed over when it is ready. */
function Page({ html }: { html: string }) {
  const { baseUrl } = useApi();
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    const send = ({ source }: MessageEvent) => {
      // A sandboxed frame has no origin that could be named.
      if (source === frame.current?.contentWindow) frame.current?.contentWindow?.postMessage(html, "*");
    };
    addEventListener("message", send);
    return () => removeEventListener("message", send);
  }, [html]);
  return (
    <iframe
      ref={frame}
      key={html}
      className="oa-page"
      title={t.run.pageFrame}
      sandbox="allow-scripts"
      src={`${baseUrl}/admin/preview`}
    />
  );
}

function parsed(text: string | undefined, type: string): unknown {
  if (text === undefined || !/json/.test(type)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function htmlOf(json: unknown, text: string | undefined, type: string): string | undefined {
  if (type.startsWith("text/html")) return text;
  const { html } = Object(json) as { html?: unknown };
  return typeof html === "string" ? html : undefined;
}
