// The small parts that every screen is made of.

import { useId, useState } from "react";
import { Refusal } from "../api/client.ts";
import { t } from "../texts.ts";
import { Icon, type IconName } from "./icon.tsx";

export function Screen(props: { title: string; lead?: string; actions?: React.ReactNode; children: React.ReactNode }) {
  return (
    <>
      <header className="oa-screen-head">
        <div>
          <h1 tabIndex={-1}>{props.title}</h1>
          {props.lead && <p className="oa-lead">{props.lead}</p>}
        </div>
        {props.actions && <div className="oa-actions">{props.actions}</div>}
      </header>
      {props.children}
    </>
  );
}

export function Card(props: { title?: string; aside?: React.ReactNode; flush?: boolean; children: React.ReactNode }) {
  const id = useId();
  return (
    <section className="oa-card" aria-labelledby={props.title && id}>
      {props.title && (
        <header className="oa-card-head">
          <h2 id={id}>{props.title}</h2>
          {props.aside}
        </header>
      )}
      <div className={props.flush ? "oa-card-flush" : "oa-card-body"}>{props.children}</div>
    </section>
  );
}

type ButtonProps = React.ComponentProps<"button"> & { kind?: "main" | "quiet" | "danger"; icon?: IconName };

export function Button({ kind, icon, children, className = "", ...rest }: ButtonProps) {
  return (
    <button type="button" className={`oa-button ${kind ? `oa-button-${kind}` : ""} ${className}`} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** Copies `text`; it says so for a moment. */
export function CopyButton({ text, label, quiet }: { text: string; label: string; quiet?: boolean }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <Button
      kind="quiet"
      icon={copied ? "check" : "copy"}
      onClick={() => void copy()}
      aria-label={quiet ? label : undefined}
    >
      {copied ? t.copied : quiet ? "" : label}
    </Button>
  );
}

/** An id in full, which can be copied. */
export function Id({ children }: { children: string }) {
  return (
    <span className="oa-id">
      <code>{children}</code>
      <CopyButton text={children} label={`${t.copy} ${children}`} quiet />
    </span>
  );
}

export function Facts({ facts }: { facts: readonly (readonly [string, React.ReactNode])[] }) {
  return (
    <dl className="oa-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Empty({ children }: { children: React.ReactNode }) {
  return <p className="oa-empty">{children}</p>;
}

const MOST = 500; // entries that the router gives at once

/** Asks for twice as many entries of a list, up to what the router gives at once. */
export function More({ limit, onMore }: { limit: number; onMore: (limit: number) => void }) {
  if (limit >= MOST) return null;
  return (
    <p className="oa-more">
      <Button onClick={() => onMore(Math.min(MOST, limit * 2))}>{t.more}</Button>
    </p>
  );
}

export function Loading() {
  return (
    <p className="oa-empty" role="status">
      {t.loading}
    </p>
  );
}

/** What a call failed with: the problem's own words. */
export function Failure({ error }: { error: unknown }) {
  const problem = error instanceof Refusal ? error.problem : {};
  const requestId = typeof problem.requestId === "string" ? problem.requestId : undefined;
  const errors = Array.isArray(problem.errors) ? (problem.errors as { pointer?: string; message?: string }[]) : [];
  return (
    <div className="oa-problem" role="alert">
      <Icon name="warn" />
      <div>
        <strong>{problem.title ?? t.problem.title}</strong>
        <p>{error instanceof Error ? error.message : String(error)}</p>
        {errors.length > 0 && (
          <ul>
            {errors.map(({ pointer, message }) => (
              <li key={`${pointer} ${message}`}>
                <code>{pointer}</code> {message}
              </li>
            ))}
          </ul>
        )}
        {problem.hint && <p>{problem.hint}</p>}
        {requestId && (
          <p className="oa-small">
            {t.problem.requestId} <Id>{requestId}</Id>
          </p>
        )}
      </div>
    </div>
  );
}

/** What a reading gives: its data even where the last reading failed; else why there is none. */
export function Read<T>(props: {
  query: { readonly data: T | undefined; readonly error: unknown; readonly isPending: boolean };
  children: (data: T) => React.ReactNode;
}) {
  const { data, error } = props.query;
  if (data !== undefined) return props.children(data);
  return error ? <Failure error={error} /> : <Loading />;
}

export function Field(props: {
  label: string;
  hint?: string;
  children: (id: string, hint?: string) => React.ReactNode;
}) {
  const id = useId();
  const hint = props.hint ? `${id}-hint` : undefined;
  return (
    <div className="oa-field">
      <label htmlFor={id}>{props.label}</label>
      {props.children(id, hint)}
      {props.hint && (
        <p className="oa-hint" id={hint}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

export function Select(props: {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}) {
  return (
    <Field label={props.label}>
      {(id) => (
        <select id={id} value={props.value} onChange={(event) => props.onChange(event.target.value)}>
          {props.options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
