// What the screens read, each under a key of its own: screens that read the same share it. It is read again every 30
// seconds, every 2 while something runs, and never while the page is hidden. What was read last stays when a reading fails.

import { keepPreviousData, QueryClient, type UseQueryResult, useIsMutating, useQuery } from "@tanstack/react-query";
import { createContext, use } from "react";
import { type Api, data, Refusal } from "./client.ts";
import type { HealRun, operations, Run, Task } from "./schema.d.ts";

export const IDLE_MS = 30_000;
const BUSY_MS = 2_000;

export const ApiContext = createContext<Api | null>(null);

export function useApi(): Api {
  const api = use(ApiContext);
  if (!api) throw new Error("there is no ApiContext");
  return api;
}

/** What was read over `api`: another token sees nothing of it. */
export function createQueries(_api: Api): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        // The next reading is the retry: a router that is down is not asked more often for it.
        retry: false,
        networkMode: "always",
        refetchOnWindowFocus: true,
      },
      mutations: { networkMode: "always" },
    },
  });
}

function usePolling(isBusy = false): { refetchInterval: number } {
  const mutating = useIsMutating();
  return { refetchInterval: isBusy || mutating > 0 ? BUSY_MS : IDLE_MS };
}

/** /health answers 503 with the same document where the router cannot work. */
export function useHealth(isBusy = false) {
  const { client } = useApi();
  return useQuery({
    queryKey: ["health"],
    queryFn: async ({ signal }) => {
      const { data: health, error, response } = await client.GET("/health", { signal });
      if (health) return health;
      if (error && "checks" in error) return error;
      throw new Refusal(response.status, Object(error) as Refusal["problem"]);
    },
    ...usePolling(isBusy),
  });
}

export function useMe() {
  const { client } = useApi();
  return useQuery({ queryKey: ["me"], queryFn: () => data(client.GET("/autopilot/me")), staleTime: 300_000 });
}

export interface Askable {
  readonly tasks: readonly Pick<Task, "name" | "capability" | "description" | "once">[];
  readonly capabilities: readonly string[];
}

export function useList(enabled = true) {
  const { client } = useApi();
  return useQuery({
    queryKey: ["list"],
    enabled,
    queryFn: ({ signal }) => data(client.GET("/autopilot/list", { signal })),
    ...usePolling(),
  });
}

/** What a caller asks for that may not read the list: its agent card, which does not say what must not be done twice. */
export function useSkills(): UseQueryResult<Askable> {
  const { client } = useApi();
  return useQuery({
    queryKey: ["skills"],
    queryFn: async ({ signal }) => {
      const { skills } = await data(client.GET("/.well-known/agent-card.json", { signal }));
      const tasks = skills.map(({ id, tags: [capability = id], description }) => {
        return { name: id, capability, description, once: true };
      });
      return { tasks, capabilities: [] };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** What is used of the free plan. */
export function useUsage() {
  const { client } = useApi();
  return useQuery({
    queryKey: ["usage"],
    queryFn: ({ signal }) => data(client.GET("/autopilot/usage", { signal })),
    ...usePolling(),
  });
}

/** `since`: an age, or a date. */
export function useStats(since: string) {
  const { client } = useApi();
  return useQuery({
    queryKey: ["stats", since],
    queryFn: ({ signal }) => data(client.GET("/autopilot/stats", { params: { query: { since } }, signal })),
    ...usePolling(),
  });
}

type JournalQuery = NonNullable<operations["journal"]["parameters"]["query"]>;

export function useJournal(query: JournalQuery) {
  const { client } = useApi();
  return useQuery({
    queryKey: ["journal", query],
    queryFn: ({ signal }) => data(client.GET("/autopilot/journal", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    ...usePolling(),
  });
}

type RunsQuery = NonNullable<operations["runs"]["parameters"]["query"]>;

export function useRuns(query: RunsQuery) {
  const { client } = useApi();
  return useQuery({
    queryKey: ["runs", query],
    queryFn: ({ signal }) => data(client.GET("/autopilot/runs", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.runs.some(isUnderWay) ? BUSY_MS : IDLE_MS),
  });
}

/** One with its result: of the caller's own that nobody waited for when it has ended, of another's while it waits for an approval. */
export function useRun(id: string) {
  const { client } = useApi();
  return useQuery({
    queryKey: ["run", id],
    queryFn: ({ signal }) => data(client.GET("/autopilot/runs/{id}", { params: { path: { id } }, signal })),
    refetchInterval: ({ state: { data: run } }) => (run && !isUnderWay(run) ? IDLE_MS : BUSY_MS),
  });
}

const ACCEPTED = 202;

/** Whether an autopilot has taken it and not ended it: it goes on by itself, or waits for somebody's approval. */
export const isWaiting = ({ status, answer }: Run): boolean => status === "running" && answer?.status === ACCEPTED;

/** What waits for somebody says so, in its autopilot's own words. */
export const shownStatus = (run: Run): string =>
  isWaiting(run) && /approv/i.test(run.why ?? "") ? "waiting" : run.status;

/** Whether it may end at any moment: neither one that waits for a person, nor one whose time is far. */
function isUnderWay(run: Run): boolean {
  if (run.status === "queued") return Date.parse(run.nextTryAt ?? run.createdAt) < Date.now() + IDLE_MS;
  return run.status === "running" && !isWaiting(run);
}

export function useAlerts() {
  const { client } = useApi();
  return useQuery({
    queryKey: ["alerts"],
    queryFn: ({ signal }) => data(client.GET("/autopilot/alerts", { signal })),
    ...usePolling(),
  });
}

export function useSchedules() {
  const { client } = useApi();
  return useQuery({
    queryKey: ["schedules"],
    queryFn: ({ signal }) => data(client.GET("/autopilot/schedules", { signal })),
    ...usePolling(),
  });
}

/** How the newest heal goes, or ended. It costs calls of whoever runs it, so it is read again only as `watchMs` says. */
export function useHealRun(watchMs: (run: HealRun | undefined) => number | false) {
  const { client } = useApi();
  return useQuery({
    queryKey: ["heal"],
    queryFn: ({ signal }) => data(client.GET("/autopilot/heal", { signal })),
    staleTime: 0,
    refetchOnWindowFocus: false,
    refetchInterval: ({ state }) => watchMs(state.data),
  });
}

/**
 * It costs calls of Cloudflare's API, so it is asked for when somebody wants it, and while a heal is watched: read again
 * only where `watchMs` says in how long, from the time (ms) of the last answer or refusal.
 */
export function useDiagnosis(watchMs?: (readAt: number) => number) {
  const { client } = useApi();
  return useQuery({
    queryKey: ["diagnosis"],
    queryFn: ({ signal }) => data(client.GET("/autopilot/diagnose", { signal })),
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    refetchInterval: ({ state }) => watchMs?.(Math.max(state.dataUpdatedAt, state.errorUpdatedAt)) ?? false,
  });
}

/** The catalogue's entry; null where it has none. */
export function useCapability(name: string, enabled = true) {
  const { client } = useApi();
  return useQuery({
    queryKey: ["capability", name],
    enabled,
    queryFn: async ({ signal }) => {
      const answer = client.GET("/autopilot/capabilities/{name}", { params: { path: { name } }, signal });
      return data(answer).catch((error: unknown) => {
        if (error instanceof Refusal && error.status === 404) return null;
        throw error;
      });
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}
