// What the page costs: what it really asked, and what the screen that is open goes on to ask. Requests of the router count
// against the plan's day.

import { notifyManager, type QueryCache, useQueryClient } from "@tanstack/react-query";
import { useCallback, useSyncExternalStore } from "react";
import { cost } from "../api/client.ts";
import { useRights } from "../rights.ts";
import { t } from "../texts.ts";
import { useNow } from "./time.tsx";

const HOUR_MS = 3_600_000;
const WATCHED_HOURS = 8;
const PERCENT = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

export function Footer() {
  const now = useNow();
  const { me } = useRights();
  const cache = useQueryClient().getQueryCache();
  const subscribe = useCallback((listener: () => void) => cache.subscribe(notifyManager.batchCalls(listener)), [cache]);
  const perHour = useSyncExternalStore(subscribe, () => requestsAnHour(cache));
  const { requests, since } = cost();
  const day = me?.freePlan.requestsADay;
  return (
    <footer className="oa-footer">
      <span>{t.footer.cost(requests, Math.floor((now - since) / 60_000))}</span>
      {day && <span>{t.footer.polling(perHour, PERCENT.format((perHour * WATCHED_HOURS) / day))}</span>}
    </footer>
  );
}

/** Of what is on the screen; a query whose screen was left asks no more. */
function requestsAnHour(cache: QueryCache): number {
  let sum = 0;
  for (const query of cache.getAll()) {
    const intervals = query.observers.map(({ options: { refetchInterval: each } }) =>
      typeof each === "function" ? each(query) : each,
    );
    const ms = Math.min(...intervals.map((each) => each || Number.POSITIVE_INFINITY));
    sum += HOUR_MS / ms;
  }
  return Math.round(sum);
}
