// What the screens read, each under a key of its own: screens that read the same share it. It is read again every 30
// seconds, every 2 while something runs, and never while the page is hidden. What was read last stays when a reading fails.

import { keepPreviousData, QueryClient, useIsMutating, useQuery } from "@tanstack/react-query";
import { createContext, use } from "react";
import { type Api, data, Refusal } from "./client.ts";
import type { operations } from "./schema.d.ts";

const IDLE_MS = 30_000;
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

export function useList() {
  const { client } = useApi();
  return useQuery({
    queryKey: ["list"],
    queryFn: ({ signal }) => data(client.GET("/autopilot/list", { signal })),
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
    refetchInterval: ({ state }) =>
      state.data?.runs.some(({ status }) => status === "running" || status === "queued") ? BUSY_MS : IDLE_MS,
  });
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

/** It costs calls of Cloudflare's API, so it is asked for when somebody wants it, and while a heal is watched. */
export function useDiagnosis(watchMs?: number) {
  const { client } = useApi();
  return useQuery({
    queryKey: ["diagnosis"],
    queryFn: ({ signal }) => data(client.GET("/autopilot/diagnose", { signal })),
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    refetchInterval: watchMs ?? false,
  });
}

/** The catalogue's entry; null where it has none. */
export function useCapability(name: string) {
  const { client } = useApi();
  return useQuery({
    queryKey: ["capability", name],
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
