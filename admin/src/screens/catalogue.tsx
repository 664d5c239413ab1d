// What can be asked for: each capability with who does it and the tasks that ask for it.

import { useState } from "react";
import { useCapability, useList } from "../api/queries.ts";
import { useRights } from "../rights.ts";
import { hashOf, Link, useNavigation } from "../route.tsx";
import { t } from "../texts.ts";
import { Icon } from "../ui/icon.tsx";
import { Json } from "../ui/json.tsx";
import { Card, Empty, Facts, Field, Read, Screen } from "../ui/parts.tsx";
import { HealthBadge } from "../ui/status.tsx";

export function CatalogueScreen() {
  const { place } = useNavigation();
  const [wanted, setWanted] = useState(place.name);
  const { mayRun } = useRights();
  const list = useList();
  return (
    <Screen title={t.catalogue.title} lead={t.catalogue.lead}>
      <div className="oa-filters">
        <Field label={t.catalogue.search}>
          {(id) => <input id={id} type="search" value={wanted} onChange={(event) => setWanted(event.target.value)} />}
        </Field>
      </div>
      <Read query={list}>
        {({ capabilities, autopilots, tasks }) => {
          const shown = capabilities.filter((capability) => {
            const named = tasks.filter((task) => task.capability === capability);
            const text = [capability, ...named.flatMap(({ name, description }) => [name, description])].join(" ");
            return text.toLowerCase().includes(wanted.trim().toLowerCase());
          });
          if (shown.length === 0) return <Empty>{t.catalogue.empty}</Empty>;
          return (
            <div className="oa-catalogue">
              {shown.map((capability) => {
                const able = autopilots.filter((each) => each.capabilities.includes(capability));
                const named = tasks.filter((task) => task.capability === capability);
                const runnable = (named.length > 0 ? named.map(({ name }) => name) : [capability]).filter(mayRun);
                return (
                  <Card key={capability} title={capability}>
                    {named.some(({ description }) => description) && (
                      <p>{named.flatMap(({ description }) => description || []).join(". ")}</p>
                    )}
                    <ul className="oa-plain">
                      {able.map(({ name, status }) => (
                        <li key={name}>
                          <Link to={hashOf("autopilots", {}, name)}>{name}</Link> <HealthBadge status={status} />
                        </li>
                      ))}
                    </ul>
                    <About capability={capability} />
                    <div className="oa-actions">
                      {runnable.map((task) => (
                        <Link key={task} className="oa-button" to={hashOf("run", { task })}>
                          <Icon name="play" />
                          {task}
                        </Link>
                      ))}
                    </div>
                  </Card>
                );
              })}
            </div>
          );
        }}
      </Read>
    </Screen>
  );
}

/** The catalogue's entry, read when somebody opens it. */
function About({ capability }: { capability: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t.catalogue.about}</summary>
      {isOpen && <EntryOf capability={capability} />}
    </details>
  );
}

function EntryOf({ capability }: { capability: string }) {
  const query = useCapability(capability);
  return (
    <Read query={query}>
      {(entry) =>
        entry === null ? (
          <p className="oa-small">{t.catalogue.noEntry}</p>
        ) : (
          <div className="oa-form">
            <p>
              {entry.description} <span className="oa-small">{t.catalogue.version(entry.version)}</span>
            </p>
            <Json name={t.catalogue.meta} value={entry.meta} depth={1} />
            <Json name={t.catalogue.result} value={entry.result} depth={2} />
            <Facts
              facts={[
                ...entry.errors.map(({ status, when }) => [String(status), when] as const),
                [t.catalogue.cost, entry.cost],
              ]}
            />
          </div>
        )
      }
    </Read>
  );
}
