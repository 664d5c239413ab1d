// Three builds of one source, chosen by `--mode`: `page` (below /admin/), `component` (an ES module, React external) and
// `element` (a custom element with all it needs). The same sources give the same bytes on every machine: names by content,
// no time, no path of the machine, pinned tools. orchestrator/bundle/admin_page.py runs them.

import { defineConfig, type Rolldown, type UserConfig } from "vite";

const TARGET = "es2023";
const REACT = ["react", "react-dom", "react-dom/client", "react/jsx-runtime"];
/** "use client" of packages means something on servers alone. */
const QUIET: Pick<Rolldown.InputOptions, "onLog"> = {
  onLog(level, log, next) {
    if (log.code !== "MODULE_LEVEL_DIRECTIVE") next(level, log);
  },
};

const library = (entry: string, name: string, external: string[]): UserConfig => ({
  publicDir: false,
  // A library is not served, so nothing else says which build it is of.
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    target: TARGET,
    cssCodeSplit: false,
    lib: { entry, formats: ["es"], fileName: name, cssFileName: name },
    rolldownOptions: { ...QUIET, external, output: { minify: true, comments: { annotation: false } } },
  },
});

const PAGE: UserConfig = {
  base: "./",
  build: {
    target: TARGET,
    modulePreload: { polyfill: false },
    assetsDir: "assets",
    assetsInlineLimit: 0,
    rolldownOptions: { ...QUIET, output: { codeSplitting: false } },
  },
};

export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  envDir: false,
  logLevel: "warn",
  ...(mode === "component"
    ? library("src/component.tsx", "orchestrator-admin", REACT)
    : mode === "element"
      ? library("src/element.tsx", "orchestrator-admin-element", [])
      : PAGE),
}));
