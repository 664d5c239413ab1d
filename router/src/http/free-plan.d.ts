// What the free plan has of each day, from orchestrator/limits/plans.py (orchestrator/bundle/modules.py).
declare module "free-plan" {
  const plan: { readonly requestsADay: number };
  export default plan;
}
