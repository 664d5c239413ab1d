// What the free plan has of each day, from orchestrator/limits/plans.py (orchestrator/bundle.py).
declare module "free-plan" {
  const plan: { readonly requestsADay: number };
  export default plan;
}
