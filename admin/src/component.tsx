// The React component, for a page that has React already: `import { OrchestratorAdmin } from "…/orchestrator-admin.js"`,
// and its style sheet `orchestrator-admin.css`. The page's origin has to be among `orchestrator.allowedOrigins`.

import "./styles/index.css";
import { Admin } from "./app.tsx";

export interface OrchestratorAdminProps {
  /** Where the router answers, for example `https://orchestrator.example.workers.dev`. */
  readonly baseUrl: string;
  /** Who calls; without one it is asked for. */
  readonly token?: string;
}

export function OrchestratorAdmin(props: OrchestratorAdminProps) {
  return <Admin {...props} />;
}
