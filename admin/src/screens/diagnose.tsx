// The account as the router sees it: what is wrong, each with its fix.

import { useDiagnosis } from "../api/queries.ts";
import { useRights } from "../rights.ts";
import { hashOf, Link } from "../route.tsx";
import { t } from "../texts.ts";
import { Button, Card, Empty, Failure, Read, Screen } from "../ui/parts.tsx";
import { Badge, type Tone } from "../ui/status.tsx";
import { Age } from "../ui/time.tsx";

const STATES = {
  ok: ["good", "check"],
  granted: ["good", "check"],
  problem: ["bad", "cross"],
  missing: ["bad", "cross"],
  notNeeded: ["muted", "minus"],
  unknown: ["muted", "question"],
} as const;

function State({ state }: { state: keyof typeof STATES }) {
  const [tone, icon] = STATES[state];
  return (
    <Badge tone={tone satisfies Tone} icon={icon}>
      {t.diagnose.states[state]}
    </Badge>
  );
}

export function DiagnoseScreen() {
  const diagnosis = useDiagnosis();
  const { may } = useRights();
  const actions = (
    <Button icon="refresh" onClick={() => void diagnosis.refetch()} disabled={diagnosis.isFetching}>
      {diagnosis.isFetching ? t.loading : t.diagnose.again}
    </Button>
  );
  return (
    <Screen title={t.diagnose.title} lead={t.diagnose.lead} actions={actions}>
      {diagnosis.data && diagnosis.error && <Failure error={diagnosis.error} />}
      <Read query={diagnosis}>
        {({ checks, permissions, missing, resources, token, timestamp }) => (
          <>
            <Card
              title={t.diagnose.checks}
              flush
              aside={
                <span className="oa-small">
                  <Age at={timestamp} />
                </span>
              }
            >
              <ul className="oa-rows">
                {[...checks]
                  .sort((a, b) => Number(a.state === "ok") - Number(b.state === "ok"))
                  .map(({ name, state, detail, fix }) => (
                    <li key={name}>
                      <State state={state} />
                      <div className="oa-grow">
                        <strong>{name}</strong> <span>{detail}</span>
                        {fix && (
                          <p className="oa-fix">
                            <span>{t.diagnose.fix}</span> {fix}
                          </p>
                        )}
                      </div>
                    </li>
                  ))}
              </ul>
            </Card>
            <div className="oa-columns">
              <Card title={t.diagnose.permissions} flush>
                <ul className="oa-rows">
                  {permissions.map(({ name, status, needed = true, note }) => (
                    <li key={name}>
                      <State state={needed ? status : "notNeeded"} />
                      <div className="oa-grow">
                        {name} {note && <p className="oa-small">{note}</p>}
                      </div>
                    </li>
                  ))}
                  <li>
                    <Badge
                      tone={token.status === "active" ? "good" : "warn"}
                      icon={token.status === "active" ? "check" : "warn"}
                    >
                      {token.status}
                    </Badge>
                    <div className="oa-grow">
                      {t.diagnose.token} <code className="oa-small">{token.id}</code>
                    </div>
                  </li>
                </ul>
              </Card>
              <Card title={t.diagnose.missing} flush>
                {missing.length === 0 ? (
                  <Empty>{t.diagnose.nothingMissing}</Empty>
                ) : (
                  <ul className="oa-rows">
                    {missing.map(({ kind, name }) => (
                      <li key={`${kind} ${name}`}>
                        <State state="missing" />
                        <span className="oa-grow">
                          {t.heal.kinds[kind] ?? kind} <strong>{name}</strong>
                        </span>
                        {may("heal") && (
                          <Link className="oa-button" to={hashOf("heal")}>
                            {t.nav.heal}
                            <span className="oa-visually-hidden"> {name}</span>
                          </Link>
                        )}
                      </li>
                    ))}
                  </ul>
                )}
              </Card>
            </div>
            <Card title={t.diagnose.resources}>
              <div className="oa-columns oa-three">
                <Names title={t.diagnose.workers} names={resources.workers} />
                <Names title={t.diagnose.kv} names={resources.kv.map(({ title }) => title)} />
                <Names title={t.diagnose.r2} names={resources.r2.map(({ name }) => name)} />
              </div>
            </Card>
          </>
        )}
      </Read>
    </Screen>
  );
}

function Names({ title, names }: { title: string; names: readonly string[] }) {
  return (
    <div>
      <h3>
        {title} <span className="oa-count">{names.length}</span>
      </h3>
      <ul className="oa-names">
        {names.map((name) => (
          <li key={name}>{name}</li>
        ))}
      </ul>
    </div>
  );
}
