// A person's word on a run: how an unknown one ended, or whether one that waits may go on.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { data } from "../api/client.ts";
import { isWaiting, useApi } from "../api/queries.ts";
import type { Run } from "../api/schema.d.ts";
import { t } from "../texts.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Button, Failure, Field } from "../ui/parts.tsx";

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

export function Word({ run, word, onClose }: Asked & { onClose: () => void }) {
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
    onSuccess: async () => {
      await queries.invalidateQueries();
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
        {CHOICES[word].map(([value, label, hint]) => (
          <label key={label} className="oa-choice">
            <input type="radio" name="word" value={String(value)} required />
            <span>
              <strong>{label}</strong>
              <span className="oa-hint">{hint}</span>
            </span>
          </label>
        ))}
        <Field label={t.runs.note}>{(id) => <textarea id={id} name="note" rows={3} maxLength={1000} />}</Field>
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
