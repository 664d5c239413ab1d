// Tabs as the ARIA pattern has them: arrows move, one stop for the Tab key.

import { useId, useRef } from "react";

export function Tabs<T extends string>(props: {
  label: string;
  tabs: readonly (readonly [T, string])[];
  selected: T;
  onSelect: (tab: T) => void;
  children: React.ReactNode;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: React.KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const direction = getComputedStyle(list.current!).direction === "rtl" ? -step : step;
    const at = props.tabs.findIndex(([tab]) => tab === props.selected);
    const next = props.tabs[(at + direction + props.tabs.length) % props.tabs.length]!;
    props.onSelect(next[0]);
    list.current!.querySelector<HTMLElement>(`[data-tab="${next[0]}"]`)?.focus();
  };
  return (
    <div className="oa-tabs">
      <div role="tablist" aria-label={props.label} ref={list} onKeyDown={move}>
        {props.tabs.map(([tab, text]) => (
          <button
            key={tab}
            type="button"
            role="tab"
            id={`${id}-${tab}`}
            data-tab={tab}
            aria-selected={tab === props.selected}
            aria-controls={`${id}-panel`}
            tabIndex={tab === props.selected ? 0 : -1}
            onClick={() => props.onSelect(tab)}
          >
            {text}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${props.selected}`}>
        {props.children}
      </div>
    </div>
  );
}
