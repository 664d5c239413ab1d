// The API document router/openapi.yaml, given by the bundler (orchestrator/bundle.py).
declare module "openapi" {
  const openapi: object;
  export default openapi;
}
