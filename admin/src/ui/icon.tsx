// The icons, drawn on 16 by 16; they say nothing to a screen reader, since a text stands beside each.

const PATHS = {
  check: "M3.5 8.5 6.5 11.5 12.5 4.5",
  warn: "M8 5.2v3.6M8 11.2v.1M8 1.8 14.6 13.6H1.4Z",
  cross: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  question: "M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.1",
  clock: "M8 4.5V8l2.2 1.6M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8Z",
  half: "M8 2.2a5.8 5.8 0 1 0 0 11.6M8 2.2v11.6",
  minus: "M4 8h8",
  play: "M5 3.2v9.6L12.6 8Z",
  grid: "M2.5 2.5h4.4v4.4H2.5ZM9.1 2.5h4.4v4.4H9.1ZM2.5 9.1h4.4v4.4H2.5ZM9.1 9.1h4.4v4.4H9.1Z",
  list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.1M2.5 8h.1M2.5 12h.1",
  book: "M3 2.5h8.2a1.8 1.8 0 0 1 1.8 1.8v9.2H4.7A1.7 1.7 0 0 1 3 11.8ZM3 11.8c0-1 .8-1.7 1.7-1.7H13",
  box: "M2.2 5 8 2l5.8 3v6L8 14l-5.8-3ZM2.2 5 8 8l5.8-3M8 8v6",
  pulse: "M1.8 8.5h3l1.8-5 2.8 9 1.8-4h3",
  wrench: "M10.2 2.3a3.6 3.6 0 0 0-3.4 4.9L2.4 11.6l2 2 4.4-4.4a3.6 3.6 0 0 0 4.7-4.5L11.3 7 9 6.7 8.8 4.5Z",
  copy: "M5.5 5.5h8v8h-8ZM3 10.5h-.5v-8h8V3",
  out: "M6.5 2.5h-4v11h4M10 5l3 3-3 3M13 8H6",
  refresh: "M13.2 6.2A5.6 5.6 0 1 0 13.6 9M13.6 2.6v3.6H10",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="oa-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
