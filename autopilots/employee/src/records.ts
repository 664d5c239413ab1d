// Records in KV, named so that a repeat of the same call finds what the first one stored.
//
// KV is eventually consistent and has no compare-and-set. Creating is safe all the same: the name follows from the
// call, so two writers write the same record. Updates are last-writer-wins, and another location may read the old
// one for a minute.
import { sha256 } from "#worker-kit/hash.ts";
import { Problem } from "#worker-kit/problem.ts";

type Stored<T> = T & { id: string; createdAt: string };

interface Metadata {
  /** Of the `meta` that made the record. */
  fingerprint: string;
}

/** 201 with the new record; 200 with the one that the same call stored before; 422 when `data` differs from that. */
export async function createRecord(kv: KVNamespace, kind: string, repeatKey: string, data: object): Promise<Response> {
  const id = await sha256(`${kind}\n${repeatKey}`, 32);
  const key = `${kind}/${id}`;
  const fingerprint = await sha256(JSON.stringify(data));
  const before = await kv.getWithMetadata<Stored<object>, Metadata>(key, "json");
  if (before.value === null) {
    const record = { id, createdAt: new Date().toISOString(), ...data };
    await kv.put(key, JSON.stringify(record), { metadata: { fingerprint } satisfies Metadata });
    return Response.json(record, { status: 201 });
  }
  if (before.metadata?.fingerprint !== fingerprint) throw reusedKey(id);
  return Response.json(before.value);
}

/** 422: the key that names a repeat came with something else. */
export function reusedKey(id: string): Problem {
  const detail = "This Idempotency-Key came with other data before. Repeat that call as it was, or take a new key.";
  return new Problem({ status: 422, title: "Idempotency-Key reused", detail, members: { id } });
}

/** Answer with the record as `changes` leave it; with no changes this only reads it. 404 where there is none. */
export async function updateRecord(kv: KVNamespace, kind: string, id: string, changes: object): Promise<Response> {
  const key = `${kind}/${id}`;
  const { value, metadata } = await kv.getWithMetadata<Stored<object>, Metadata>(key, "json");
  if (value === null) {
    const detail = `There is no ${kind} ${id}.`;
    throw new Problem({ status: 404, title: `No such ${kind}`, detail, members: { id } });
  }
  const given = Object.fromEntries(Object.entries(changes).filter(([, change]) => change !== undefined));
  if (Object.keys(given).length === 0) return Response.json(value);
  const record = { ...value, ...given, updatedAt: new Date().toISOString() };
  await kv.put(key, JSON.stringify(record), metadata ? { metadata } : {});
  return Response.json(record);
}
