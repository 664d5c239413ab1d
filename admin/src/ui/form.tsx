// A form made from a JSON Schema: the kinds of members that people fill in get a field each, all others a JSON text.

import { useState } from "react";
import { t } from "../texts.ts";
import { Button, Field } from "./parts.tsx";

/** As much of a JSON Schema (2020-12) as the form looks at. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

type Change = (value: unknown) => void;
type Meta = Readonly<Record<string, unknown>>;

const LONG = 200;
const INPUT_TYPES: Readonly<Record<string, string>> = { email: "email", uri: "url", date: "date" };

/** The members of an object. What is left empty is left out. */
export function SchemaForm(props: {
  schema: Schema;
  value: Meta;
  onChange: (value: Meta) => void;
  /** An object that may be left out as a whole: then nothing of it is needed. */
  isLeftOut?: boolean;
}) {
  const { schema, value, onChange, isLeftOut = false } = props;
  const members = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required);
  const ordered = [...members].sort(([a], [b]) => Number(required.has(b)) - Number(required.has(a)));
  const set = (name: string, changed: unknown) => {
    const { [name]: _, ...others } = value;
    onChange(changed === undefined ? others : { ...others, [name]: changed });
  };
  return (
    <div className="oa-form">
      {ordered.map(([name, member]) => (
        <Member
          key={name}
          name={name}
          schema={member}
          isRequired={required.has(name) && !isLeftOut}
          value={value[name]}
          onChange={(changed) => set(name, changed)}
        />
      ))}
    </div>
  );
}

interface MemberProps {
  readonly name: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
  readonly value: unknown;
  readonly onChange: Change;
}

function Member(props: MemberProps) {
  const { name, schema, isRequired, value, onChange } = props;
  if (schema.type === "object" && schema.properties) {
    return (
      <fieldset>
        <legend>{labelOf(props)}</legend>
        {schema.description && <p className="oa-hint">{schema.description}</p>}
        <SchemaForm
          schema={schema}
          value={(value ?? {}) as Meta}
          isLeftOut={value === undefined && !isRequired}
          onChange={(changed) => onChange(Object.keys(changed).length > 0 || isRequired ? changed : undefined)}
        />
      </fieldset>
    );
  }
  if (schema.type === "array" && schema.items?.type) {
    return <List {...props} items={schema.items} value={Array.isArray(value) ? (value as unknown[]) : []} key={name} />;
  }
  return (
    <Field label={labelOf(props)} {...(schema.description ? { hint: schema.description } : {})}>
      {(id, hint) => <Scalar {...props} id={id} hint={hint} />}
    </Field>
  );
}

function labelOf({ name, schema, isRequired }: Pick<MemberProps, "name" | "schema" | "isRequired">): string {
  const text = schema.title ?? name;
  return isRequired ? text : `${text} (${t.run.empty})`;
}

function Scalar({
  id,
  hint,
  schema,
  value,
  onChange,
  isRequired,
}: MemberProps & { id: string; hint: string | undefined }) {
  const common = { id, "aria-describedby": hint, required: isRequired };
  const text = (changed: string) => onChange(changed === "" ? undefined : changed);
  if (schema.enum || schema.type === "boolean") {
    const choices = schema.enum ?? [true, false];
    const at = choices.findIndex((each) => each === value);
    return (
      <select {...common} value={at} onChange={({ target }) => onChange(choices[Number(target.value)])}>
        <option value={-1}>{t.run.choose}</option>
        {choices.map((each, index) => (
          <option key={String(each)} value={index}>
            {String(each)}
          </option>
        ))}
      </select>
    );
  }
  if (schema.type === "integer" || schema.type === "number") {
    return (
      <input
        {...common}
        type="number"
        inputMode="decimal"
        step={schema.type === "integer" ? 1 : "any"}
        min={schema.minimum}
        max={schema.maximum}
        value={typeof value === "number" ? value : ""}
        onChange={({ target }) => onChange(target.value === "" ? undefined : Number(target.value))}
      />
    );
  }
  if (schema.type === "string") {
    const shown = typeof value === "string" ? value : "";
    const placeholder = String(schema.examples?.[0] ?? schema.default ?? "");
    if (!schema.format && (schema.maxLength ?? 0) > LONG) {
      return (
        <textarea {...common} rows={3} placeholder={placeholder} value={shown} onChange={(e) => text(e.target.value)} />
      );
    }
    const known = (schema.examples?.length ?? 0) > 1 ? schema.examples : undefined;
    return (
      <>
        <input
          {...common}
          type={INPUT_TYPES[schema.format ?? ""] ?? "text"}
          placeholder={placeholder}
          maxLength={schema.maxLength}
          list={known && `${id}-known`}
          value={shown}
          onChange={(event) => text(event.target.value)}
        />
        {known && (
          <datalist id={`${id}-known`}>
            {known.map((each) => (
              <option key={String(each)} value={String(each)} />
            ))}
          </datalist>
        )}
      </>
    );
  }
  return <JsonText {...common} value={value} onChange={onChange} />;
}

function List({ items, value, ...props }: Omit<MemberProps, "value"> & { items: Schema; value: readonly unknown[] }) {
  const { onChange, isRequired } = props;
  const change = (changed: readonly unknown[]) => onChange(changed.length > 0 || isRequired ? changed : undefined);
  return (
    <fieldset>
      <legend>{labelOf(props)}</legend>
      {props.schema.description && <p className="oa-hint">{props.schema.description}</p>}
      {value.map((each, index) => (
        <div className="oa-item" key={index}>
          <Member
            name={`${index + 1}`}
            schema={items}
            isRequired
            value={each}
            onChange={(changed) => change(value.with(index, changed ?? (items.type === "object" ? {} : "")))}
          />
          <Button kind="quiet" icon="cross" onClick={() => change(value.toSpliced(index, 1))}>
            <span className="oa-visually-hidden">
              {t.run.removeItem} {index + 1}
            </span>
          </Button>
        </div>
      ))}
      <Button onClick={() => change([...value, items.type === "object" ? {} : ""])}>{t.run.addItem}</Button>
    </fieldset>
  );
}

/** Any JSON value, taken over whenever it can be read. */
export function JsonText(props: { id: string; value: unknown; onChange: Change; rows?: number; required?: boolean }) {
  const [text, setText] = useState(() => (props.value === undefined ? "" : JSON.stringify(props.value, null, 2)));
  const [why, setWhy] = useState("");
  const error = `${props.id}-error`;
  return (
    <>
      <textarea
        id={props.id}
        className="oa-code"
        rows={props.rows ?? 4}
        spellCheck={false}
        value={text}
        aria-invalid={why !== ""}
        aria-describedby={why ? error : undefined}
        onChange={({ target }) => {
          setText(target.value);
          try {
            props.onChange(target.value.trim() === "" ? undefined : (JSON.parse(target.value) as unknown));
            setWhy("");
          } catch (reason) {
            setWhy(t.run.invalidJson((reason as Error).message));
          }
        }}
      />
      {why && (
        <p className="oa-hint oa-bad-text" id={error}>
          {why}
        </p>
      )}
    </>
  );
}
