// A JSON value as a tree that opens and closes; strings that are addresses of the web are links.

const MOST_OPEN = 24;

export function Json({ value, name, depth = 0 }: { value: unknown; name?: string; depth?: number }) {
  const label = name === undefined ? null : <span className="oa-json-name">{name}</span>;
  if (value === null || typeof value !== "object") {
    return (
      <div className="oa-json-line">
        {label}
        <Scalar value={value} />
      </div>
    );
  }
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  if (entries.length === 0) {
    return (
      <div className="oa-json-line">
        {label}
        <span className="oa-json-null">{isList ? "[]" : "{}"}</span>
      </div>
    );
  }
  return (
    <details className="oa-json" open={depth < 2 && entries.length <= MOST_OPEN}>
      <summary>
        {label}
        <span className="oa-json-size">{isList ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </summary>
      {entries.map(([key, each]) => (
        <Json key={key} name={key} value={each} depth={depth + 1} />
      ))}
    </details>
  );
}

function Scalar({ value }: { value: unknown }) {
  if (typeof value !== "string") {
    return <span className={value === null ? "oa-json-null" : "oa-json-value"}>{JSON.stringify(value)}</span>;
  }
  if (/^https?:\/\/[^\s"<>]+$/.test(value)) {
    return (
      <a className="oa-json-text" href={value} target="_blank" rel="noreferrer noopener">
        {value}
      </a>
    );
  }
  return <span className="oa-json-text">{value}</span>;
}
