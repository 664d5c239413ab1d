// What the free plan has of each day or month, from orchestrator/limits/plans.py (orchestrator/bundle/modules.py).
declare module "free-plan" {
  const plan: Readonly<Record<string, readonly [per: "day" | "month", most: number]>>;
  export default plan;
}
