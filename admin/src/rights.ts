// What the signed-in caller may do: who may not use a button does not see it.

import { useMe } from "./api/queries.ts";
import type { Me } from "./api/schema.d.ts";

export type Right = Me["may"][number];

export function useRights() {
  const { data: me } = useMe();
  return {
    me,
    may: (right: Right) => me?.may.includes(right) ?? false,
    mayRun: (task: string) => (me?.may.includes("plan") && (me.tasks === null || me.tasks.includes(task))) ?? false,
    /** Whether it may settle a run of that caller. */
    maySettle: (asker: string) => !(me?.needsAnother && me.caller === asker),
  };
}
