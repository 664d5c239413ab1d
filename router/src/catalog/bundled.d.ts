// The catalogue of capabilities, catalog/capabilities/, by name; given by the bundler (orchestrator/bundle/modules.py).
declare module "catalog" {
  type Schema = import("./schema.ts").Schema;
  interface Entry {
    readonly name: string;
    /** Semantic version of what it takes and answers. */
    readonly version: string;
    readonly title: string;
    readonly description: string;
    /** JSON Schema 2020-12. */
    readonly meta: Schema;
    readonly result: Schema;
    readonly examples: readonly { readonly title: string; readonly meta: object }[];
    readonly errors: readonly { readonly status: number; readonly when: string }[];
    readonly cost: string;
  }
  const catalog: Readonly<Record<string, Entry>>;
  export default catalog;
}
