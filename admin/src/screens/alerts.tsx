// How the alerts of autopilots.yaml are, and when they were evaluated.

import { useAlerts } from "../api/queries.ts";
import { t } from "../texts.ts";
import { Card } from "../ui/parts.tsx";
import { Badge } from "../ui/status.tsx";
import { Age } from "../ui/time.tsx";

const ALERT_STATES = {
  normal: ["good", "check"],
  pending: ["warn", "clock"],
  firing: ["bad", "warn"],
  resolving: ["info", "clock"],
} as const;

/** Nothing where autopilots.yaml has none. */
export function Alerts() {
  const { data } = useAlerts();
  if (!data?.alerts.length) return null;
  const { alerts, evaluatedAt, withoutUrl } = data;
  const aside = (
    <span className="oa-small">
      {evaluatedAt ? (
        <>
          {t.alerts.evaluated} <Age at={evaluatedAt} />
        </>
      ) : (
        t.alerts.never
      )}
    </span>
  );
  return (
    <Card title={t.alerts.title} aside={aside} flush>
      <ul className="oa-rows">
        {alerts.map(({ name, when, state, since, text }) => (
          <li key={name}>
            <Badge tone={ALERT_STATES[state][0]} icon={ALERT_STATES[state][1]}>
              {t.alerts.states[state]}
            </Badge>
            <span className="oa-grow">
              <strong>{name}</strong> <code>{when}</code> {text && <span className="oa-small">{text}</span>}
            </span>
            {since && (
              <span className="oa-small">
                {t.overview.since} <Age at={since} />
              </span>
            )}
          </li>
        ))}
      </ul>
      {withoutUrl.length > 0 && <p className="oa-hint oa-note">{t.alerts.withoutUrl(withoutUrl.join(", "))}</p>}
    </Card>
  );
}
