// What only some capabilities need: a secret of the stack, or a variable of the Worker. Where one is missing the
// capability is unavailable, the others work, and a task for it is told what to set.
import { notConfigured } from "./problem.ts";

export interface Setting {
  readonly name: string;
  /** A variable's value that would do; without one it is a secret, whose value nobody can guess. */
  readonly example?: string;
}

/** The settings that a capability still misses in this `env`, none where it works; capabilities that need none are left out. */
export type Needs<Env> = Readonly<Record<string, (env: Env) => readonly Setting[]>>;

/** Of `settings` those without a value. */
export function unset(env: object, settings: readonly Setting[]): readonly Setting[] {
  return settings.filter(({ name }) => !(env as Record<string, unknown>)[name]);
}

/** Capabilities that do not work, each with the names of the settings that it misses. */
export function unavailable<Env>(env: Env, needs: Needs<Env>): Record<string, string[]> {
  const missing = Object.entries(needs).map(([name, missed]) => [name, missed(env).map((each) => each.name)] as const);
  return Object.fromEntries(missing.filter(([, names]) => names.length > 0));
}

/** Throws a problem (503) that says what to set, as commands. */
export function requireSettings<Env extends { STAGE: string }>(env: Env, needs: Needs<Env>, capability: string): void {
  const missing = needs[capability]?.(env) ?? [];
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  throw notConfigured(names, `${capability} is unavailable until they are set: ${howToSet(missing, env.STAGE)}.`);
}

function howToSet(settings: readonly Setting[], stage: string): string {
  const steps = settings.map(({ name, example }) =>
    example === undefined
      ? `\`pulumi config set --secret --path secrets.${name} -s ${stage}\``
      : `\`${name}: ${example}\` under the Worker's \`vars\` in autopilots.yaml`,
  );
  return [...steps, `\`pulumi up -s ${stage}\``].join(", then ");
}
