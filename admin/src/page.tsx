// The page that the orchestrator serves below /admin/.

import "./styles/index.css";
import "./styles/page.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Admin } from "./app.tsx";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Admin baseUrl="" inUrl />
  </StrictMode>,
);
