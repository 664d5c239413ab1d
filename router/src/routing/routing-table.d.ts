// The compiled routing table: orchestrator/bundle/modules.py gives it to esbuild under this name.
declare module "routing-table" {
  const table: import("./table.ts").RoutingTable;
  export default table;
}
