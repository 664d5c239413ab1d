// What the page costs, counted from what it really asked: requests of the router count against the plan's day.

import { useQueryClient } from "@tanstack/react-query";
import { cost } from "../api/client.ts";
import { useRights } from "../rights.ts";
import { t } from "../texts.ts";
import { useNow } from "./time.tsx";

const HOUR_MS = 3_600_000;
const WATCHED_HOURS = 8;

export function Footer() {
  const now = useNow();
  const { me } = useRights();
  const queries = useQueryClient();
  const { requests, since } = cost();
  const minutes = Math.floor((now - since) / 60_000);
  const perHour = queries
    .getQueryCache()
    .getAll()
    .reduce((sum, query) => {
      const observer = query.observers[0];
      const interval = observer?.options.refetchInterval;
      const ms = typeof interval === "function" ? interval(query) : interval;
      return sum + (query.isActive() && ms ? HOUR_MS / ms : 0);
    }, 0);
  const day = me?.freePlan.requestsADay;
  return (
    <footer className="oa-footer">
      <span>{t.footer.cost(requests, minutes)}</span>
      {day && (
        <span>
          {t.footer.polling(
            Math.round(perHour),
            new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 }).format(
              (perHour * WATCHED_HOURS) / day,
            ),
          )}
        </span>
      )}
      {me && <span>{t.footer.build(me.build)}</span>}
    </footer>
  );
}
