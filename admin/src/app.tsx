// The shell around the screens: where one goes, whether the router answers, who is signed in, what it costs.

import { QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { createApi, Refusal } from "./api/client.ts";
import { ApiContext, createQueries, useHealth, useMe } from "./api/queries.ts";
import type { Me } from "./api/schema.d.ts";
import { type Right, useRights } from "./rights.ts";
import { hashOf, Link, NavigationProvider, useNavigation } from "./route.tsx";
import { AutopilotScreen } from "./screens/autopilot.tsx";
import { CatalogueScreen } from "./screens/catalogue.tsx";
import { DiagnoseScreen } from "./screens/diagnose.tsx";
import { HealScreen } from "./screens/heal.tsx";
import { JournalScreen } from "./screens/journal.tsx";
import { OverviewScreen } from "./screens/overview.tsx";
import { RunScreen } from "./screens/run.tsx";
import { RunsScreen } from "./screens/runs.tsx";
import { SchedulesScreen } from "./screens/schedules.tsx";
import { forget, rememberedToken, SignIn, takeCode } from "./session.tsx";
import { t } from "./texts.ts";
import { Footer } from "./ui/footer.tsx";
import { Icon, type IconName } from "./ui/icon.tsx";
import { Button, Facts, Loading } from "./ui/parts.tsx";
import { Badge, HealthBadge } from "./ui/status.tsx";
import { Age } from "./ui/time.tsx";

interface Entry {
  readonly screen: () => React.ReactNode;
  readonly icon: IconName;
  /** Who has none of it sees no way there; absent where a caller without any sees what is its own. */
  readonly right?: Right;
}

const SCREENS: Readonly<Record<string, Entry>> = {
  overview: { screen: OverviewScreen, icon: "grid", right: "read" },
  run: { screen: RunScreen, icon: "play", right: "plan" },
  runs: { screen: RunsScreen, icon: "list" },
  schedules: { screen: SchedulesScreen, icon: "clock" },
  journal: { screen: JournalScreen, icon: "book", right: "read" },
  catalogue: { screen: CatalogueScreen, icon: "box", right: "read" },
  diagnose: { screen: DiagnoseScreen, icon: "pulse", right: "read" },
  heal: { screen: HealScreen, icon: "wrench", right: "heal" },
};
const UNLISTED: Readonly<Record<string, () => React.ReactNode>> = { autopilots: AutopilotScreen };

export interface AdminProps {
  /** Where the router answers; "" for the origin of the page. */
  readonly baseUrl: string;
  /** Who calls; without one the page asks for it. */
  readonly token?: string;
  /** Whether the screen is kept in the URL's hash. */
  readonly inUrl?: boolean;
}

/** All of it: signs in where no token is given. */
export function Admin({ baseUrl, token: given, inUrl = false }: AdminProps) {
  const [code, setCode] = useState(() => (inUrl && !given ? takeCode() : ""));
  const [own, setOwn] = useState(() => (given || code ? "" : rememberedToken()));
  const [isRefused, setRefused] = useState(false);
  const token = given || own;
  const api = useMemo(() => createApi(baseUrl, token), [baseUrl, token]);
  const queries = useMemo(() => createQueries(api), [api]);
  const leave = (refused: boolean) => {
    forget();
    setCode("");
    setRefused(refused);
    setOwn("");
  };
  return (
    <div className="oa">
      {token ? (
        <QueryClientProvider client={queries}>
          <ApiContext value={api}>
            <NavigationProvider inUrl={inUrl}>
              <Shell onLeave={given ? undefined : leave} />
            </NavigationProvider>
          </ApiContext>
        </QueryClientProvider>
      ) : (
        <SignIn baseUrl={baseUrl} code={code} onToken={setOwn} refused={isRefused} />
      )}
    </div>
  );
}

function Shell({ onLeave }: { onLeave: ((refused: boolean) => void) | undefined }) {
  const { place } = useNavigation();
  const { error } = useMe();
  const { me, may } = useRights();
  const main = useRef<HTMLElement>(null);
  const Home = me
    ? may("read")
      ? OverviewScreen
      : may("plan")
        ? RunScreen
        : RunsScreen
    : error
      ? OverviewScreen
      : Loading;
  const Current = (place.screen !== "overview" && SCREENS[place.screen]?.screen) || UNLISTED[place.screen] || Home;
  const where = `${place.screen}/${place.name}`;
  const before = useRef(where);

  useEffect(() => {
    if (error instanceof Refusal && error.status === 401) onLeave?.(true);
  }, [error, onLeave]);
  useEffect(() => {
    if (before.current === where) return;
    before.current = where;
    main.current?.querySelector<HTMLElement>("h1")?.focus();
  }, [where]);

  return (
    <>
      <a
        className="oa-skip"
        href="#oa-content"
        onClick={(event) => {
          event.preventDefault();
          main.current?.querySelector<HTMLElement>("h1")?.focus();
        }}
      >
        {t.skip}
      </a>
      <Header onLeave={onLeave} />
      <div className="oa-body">
        <Navigation />
        <main id="oa-content" ref={main}>
          <Connection />
          <Current key={where} />
        </main>
      </div>
      <Footer />
    </>
  );
}

function Header({ onLeave }: { onLeave: ((refused: boolean) => void) | undefined }) {
  const { me } = useRights();
  const { data: health } = useHealth();
  return (
    <header className="oa-header">
      <Link to={hashOf("overview")} className="oa-brand">
        <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
          <path d="M7 16h6M13 16c4 0 4-7 9-7h3M13 16c4 0 4 7 9 7h3M13 16h12" />
        </svg>
        {t.product}
      </Link>
      {me && <Badge tone={me.stage === "local" ? "muted" : "info"}>{me.stage}</Badge>}
      <span className="oa-header-health">{health && <HealthBadge status={health.status} />}</span>
      <span className="oa-spring" />
      {me && <Caller me={me} />}
      {onLeave && (
        <Button kind="quiet" icon="out" onClick={() => onLeave(false)}>
          <span className="oa-wide">{t.signIn.out}</span>
          <span className="oa-narrow oa-visually-hidden">{t.signIn.out}</span>
        </Button>
      )}
    </header>
  );
}

/** Who is signed in, and what that caller may do. */
function Caller({ me: { caller, may, tasks, build } }: { me: Me }) {
  const id = useId();
  return (
    <>
      <button type="button" className="oa-button oa-button-quiet" popoverTarget={id}>
        <span className="oa-visually-hidden">{t.signIn.as("")}</span>
        <span className="oa-caller">{caller}</span>
      </button>
      <div id={id} popover="auto" className="oa-popover">
        <Facts
          facts={[
            [t.signIn.may, may.join(", ")],
            [t.run.tasks, tasks?.join(", ") ?? t.all],
            [t.signIn.build, build],
          ]}
        />
      </div>
    </>
  );
}

function Navigation() {
  const { place } = useNavigation();
  const { me, may } = useRights();
  const current = place.screen === "autopilots" ? "overview" : place.screen;
  return (
    <nav className="oa-nav" aria-label={t.navigation}>
      <ul>
        {Object.entries(SCREENS)
          .filter(([, { right }]) => !me || !right || may(right))
          .map(([screen, { icon }]) => (
            <li key={screen}>
              <Link to={hashOf(screen)} aria-current={screen === current ? "page" : undefined}>
                <Icon name={icon} />
                {t.nav[screen as keyof typeof t.nav]}
              </Link>
            </li>
          ))}
      </ul>
    </nav>
  );
}

/** Says that the router does not answer, and how old the picture is. */
function Connection() {
  const { isError, error, dataUpdatedAt, refetch } = useHealth();
  const queries = useQueryClient();
  if (!isError || error instanceof Refusal) return null;
  return (
    <div className="oa-offline" role="status">
      <Icon name="warn" />
      <p>
        <strong>{t.offline.title}</strong>{" "}
        {dataUpdatedAt ? <Stale at={new Date(dataUpdatedAt).toISOString()} /> : t.offline.never}
      </p>
      <Button
        kind="quiet"
        icon="refresh"
        onClick={() => {
          void refetch();
          void queries.invalidateQueries();
        }}
      >
        {t.retry}
      </Button>
    </div>
  );
}

function Stale({ at }: { at: string }) {
  const [before, after] = t.offline.stale("\0").split("\0");
  return (
    <>
      {before}
      <Age at={at} />
      {after}
    </>
  );
}
