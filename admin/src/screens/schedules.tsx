// What is asked for again and again; what a caller asked for is removed here, what autopilots.yaml says is changed there.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { data } from "../api/client.ts";
import { useApi, useSchedules } from "../api/queries.ts";
import type { Schedule } from "../api/schema.d.ts";
import { useRights } from "../rights.ts";
import { hashOf, Link } from "../route.tsx";
import { t } from "../texts.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Button, Card, Empty, Facts, Failure, Id, Read, Screen } from "../ui/parts.tsx";
import { Badge } from "../ui/status.tsx";
import { Moment } from "../ui/time.tsx";

export function SchedulesScreen() {
  const schedules = useSchedules();
  const [asked, setAsked] = useState<Schedule | null>(null);
  return (
    <Screen title={t.schedules.title} lead={t.schedules.lead}>
      <Card flush>
        <Read query={schedules}>
          {({ schedules }) => (
            <>
              {schedules.length === 0 && <Empty>{t.schedules.empty}</Empty>}
              <ul className="oa-entries">
                {schedules.map((each) => (
                  <ScheduleRow key={each.id} schedule={each} onRemove={setAsked} />
                ))}
              </ul>
            </>
          )}
        </Read>
      </Card>
      {asked && <Removal schedule={asked} onClose={() => setAsked(null)} />}
    </Screen>
  );
}

function ScheduleRow({ schedule, onRemove }: { schedule: Schedule; onRemove: (schedule: Schedule) => void }) {
  const { me, may } = useRights();
  const { id, task, every, timezone, source, caller, createdAt, nextAt, lastRun, missed } = schedule;
  const isDeclared = source === "declared";
  return (
    <li>
      <details>
        <summary>
          <Badge tone={isDeclared ? "muted" : "info"}>{isDeclared ? t.schedules.declared : t.schedules.askedFor}</Badge>
          <span className="oa-grow">
            <span className="oa-what">{task}</span>
            <span className="oa-small">
              {" "}
              <code>{every}</code> {timezone}
            </span>
          </span>
          <span className="oa-small oa-wide">{nextAt ? <Moment at={nextAt} /> : t.schedules.over}</span>
        </summary>
        <Facts
          facts={[
            [t.schedules.id, <Id key="">{id}</Id>],
            [t.runs.caller, caller],
            [t.schedules.next, nextAt ? <Moment key="" at={nextAt} /> : t.schedules.over],
            [t.schedules.last, lastRun ? <Id key="">{lastRun}</Id> : t.none],
            [t.schedules.missed, missed],
            [t.schedules.created, <Moment key="" at={createdAt} />],
          ]}
        />
        {missed > 0 && <p className="oa-hint">{t.schedules.missedHint}</p>}
        {isDeclared && <p className="oa-hint">{t.schedules.declaredHint}</p>}
        <div className="oa-actions">
          {!isDeclared && (may("resolve") || me?.caller === caller) && (
            <Button kind="danger" onClick={() => onRemove(schedule)}>
              {t.schedules.remove}
            </Button>
          )}
          <Link className="oa-button" to={hashOf("runs", { task })}>
            {t.nav.runs}
          </Link>
        </div>
      </details>
    </li>
  );
}

function Removal({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const { client } = useApi();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => data(client.DELETE("/autopilot/schedules/{id}", { params: { path: { id: schedule.id } } })),
    onSuccess: async () => {
      await queries.invalidateQueries();
      onClose();
    },
  });
  return (
    <Dialog title={t.schedules.removeTitle} onClose={onClose}>
      <p>
        {schedule.task} · <code>{schedule.every}</code>
      </p>
      <p>{t.schedules.removeLead}</p>
      {remove.error && <Failure error={remove.error} />}
      <div className="oa-actions">
        <Button kind="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
          {t.schedules.removeIt}
        </Button>
        <Button onClick={onClose}>{t.cancel}</Button>
      </div>
    </Dialog>
  );
}
