// GET /autopilot/heal: how the newest heal goes, or how it ended, as who runs it says: GitHub of the workflow's newest
// run, a webhook at its `statusUrl`. The token that starts a workflow may read its runs; nothing of it is kept.

import { log } from "#worker-kit/log.ts";
import { isObject } from "#worker-kit/validation.ts";
import type { Call } from "../http/call.ts";
import { getJson } from "../http/json-calls.ts";
import { githubUrl, headersFor, NOT_CONFIGURED, refusalOf, type Target, TIMEOUT_MS, targetOf } from "./heal-target.ts";

/** Each text, or null. */
const FIELDS = ["id", "startedAt", "endedAt", "url", "detail"];
const STATUSES = ["none", "running", "done", "failed", "lost"];
const MOST = 2_000; // characters of a field
/** A step of .github/workflows/heal.yml, which runs where heal has stopped before lost data: such a run is green. */
const LOST_STEP = "Data was lost";
const NOT_SAID = "The webhook of the stack's setting `heal` has no `statusUrl`, so it is not asked.";
const LOST = "Heal has stopped before lost data: the issue with the label lost-data says what to do.";

/** `unknown` where that cannot be learnt; `detail` says why. Never throws. */
export async function showHeal({ env, requestId }: Call): Promise<Response> {
  const target = targetOf(env);
  const run: Said = target ? await ask(target, requestId) : { status: "not-configured", detail: NOT_CONFIGURED };
  const texts = FIELDS.map((name) => [name, typeof run[name] === "string" ? run[name].slice(0, MOST) : null]);
  return Response.json({ status: run.status, ...Object.fromEntries(texts) });
}

type Said = Readonly<Record<string, unknown>>;

async function ask(target: Target, requestId: string): Promise<Said> {
  let status: number | undefined;
  const get = async (url: string): Promise<Said> => {
    const answer = await getJson(url, TIMEOUT_MS, headersFor(target));
    status = answer.status;
    if (!answer.ok || !isObject(answer.said)) throw new Error("refused");
    return answer.said;
  };
  try {
    if (!("url" in target)) return await askGitHub(target.repository, target.workflow, get);
    if (!target.statusUrl) return { status: "unknown", detail: NOT_SAID };
    const said = await get(target.statusUrl);
    if (STATUSES.includes(said.status as string))
      return /^https?:/.test(String(said.url)) ? said : { ...said, url: null };
  } catch (error) {
    log("a heal could not be asked after", requestId, (error as Error).name); // as for its text: heal-request.ts
  }
  return { status: "unknown", detail: refusalOf(target, status) };
}

/** https://docs.github.com/en/rest/actions/workflow-runs and …/workflow-jobs; they need “Actions: read”. */
async function askGitHub(repository: string, workflow: string, get: (url: string) => Promise<Said>): Promise<Said> {
  const [run] = listed(await get(githubUrl(repository, `workflows/${workflow}/runs?per_page=1`)), "workflow_runs");
  if (!run) return { status: "none" };
  const { id, status, conclusion, html_url: url, run_started_at: startedAt, updated_at: endedAt } = run;
  const known = { id: String(id), startedAt, url };
  if (status !== "completed") return { ...known, status: "running" };
  const jobs = listed(await get(githubUrl(repository, `runs/${id}/jobs`)), "jobs");
  const steps = jobs.flatMap((job) => listed(job, "steps"));
  const ended = { ...known, endedAt };
  if (steps.some((step) => step.name === LOST_STEP && step.conclusion === "success"))
    return { ...ended, status: "lost", detail: LOST };
  if (conclusion === "success") return { ...ended, status: "done" };
  const failed = steps.filter((step) => step.conclusion === "failure").map(({ name }) => name);
  return {
    ...ended,
    status: "failed",
    detail: `The run ended as ${conclusion}. ${failed.length > 0 ? `Failed: ${failed.join(", ")}.` : ""}`.trim(),
  };
}

function listed(said: Said, name: string): readonly Said[] {
  const list = said[name];
  return Array.isArray(list) ? list.filter(isObject) : [];
}
