// A person's word on a run: how an unknown one ended, or whether one that waits may go on.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { data } from "../api/client.ts";
import { isWaiting, useApi, useRun } from "../api/queries.ts";
import type { Run } from "../api/schema.d.ts";
import { t } from "../texts.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Json } from "../ui/json.tsx";
import { Button, Failure, Field, Read } from "../ui/parts.tsx";

type Kind = "resolve" | "approve";

export interface Asked {
  readonly run: Run;
  readonly word: Kind;
}

const CHOICES = {
  resolve: [
    [true, t.runs.done, t.runs.doneHint],
    [false, t.runs.notDone, t.runs.notDoneHint],
  ],
  approve: [
    [true, t.runs.approved, t.runs.approvedHint],
    [false, t.runs.refused, t.runs.refusedHint],
  ],
} as const;

/** Which word a run may take; one that its autopilot has taken and not ended may wait for an approval. */
export function wordFor(run: Run): Kind | undefined {
  if (run.status === "unknown") return "resolve";
  return isWaiting(run) ? "approve" : undefined;
}

export function Word({
  run,
  word,
  onClose,
  onSaved,
}: Asked & { onClose: () => void; onSaved: (what: string) => void }) {
  const { client } = useApi();
  const queries = useQueryClient();
  const say = useMutation({
    mutationFn: ({ isYes, note }: { isYes: boolean; note: string | null }) => {
      const params = { path: { id: run.id } };
      if (word === "approve") {
        return data(client.POST("/autopilot/runs/{id}/approve", { params, body: { approved: isYes, note } }));
      }
      const resolution = isYes ? "done" : "not-done";
      return data(
        client.POST("/autopilot/runs/{id}/resolve", { params, body: { resolution, ...(note ? { note } : {}) } }),
      );
    },
    onSuccess: async (_, { isYes }) => {
      await queries.invalidateQueries();
      onSaved(t.runs.saved(run.task, CHOICES[word].find(([value]) => value === isYes)![1]));
      onClose();
    },
  });
  return (
    <Dialog title={t.runs.title2[word]} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          say.mutate({ isYes: form.get("word") === "true", note: String(form.get("note")).trim() || null });
        }}
      >
        <p>{t.runs.lead2[word]}</p>
        <p className="oa-small">
          {run.task} · <code>{run.id}</code>
        </p>
        {word === "approve" && <Waiting id={run.id} />}
        {CHOICES[word].map(([value, label, hint]) => (
          <label key={label} className="oa-choice">
            <input type="radio" name="word" value={String(value)} required />
            <span>
              <strong>{label}</strong>
              <span className="oa-hint">{hint}</span>
            </span>
          </label>
        ))}
        <Field label={t.runs.note[word]}>{(id) => <textarea id={id} name="note" rows={3} maxLength={1000} />}</Field>
        {say.error && <Failure error={say.error} />}
        <div className="oa-actions">
          <Button kind="main" type="submit" disabled={say.isPending}>
            {t.runs.save}
          </Button>
          <Button onClick={onClose}>{t.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Of a batch, so that each payee's amount is seen. */
const ALL_OPEN = -2;

/** What somebody approves, as its autopilot tells it. */
function Waiting({ id }: { id: string }) {
  const query = useRun(id);
  return (
    <Read query={query}>
      {({ result }) =>
        result && (
          <section className="oa-waiting" aria-label={t.runs.waits} tabIndex={0}>
            <Json value={result.body} depth={ALL_OPEN} />
          </section>
        )
      }
    </Read>
  );
}
