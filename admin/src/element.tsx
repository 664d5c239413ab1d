// The custom element, with all that it needs: `<orchestrator-admin base-url="https://…"></orchestrator-admin>`. The token is
// its property `token`, not an attribute, so that it is in no HTML. Its style is its own, in a shadow tree.

import { createRoot, type Root } from "react-dom/client";
import { Admin } from "./app.tsx";
import styles from "./styles/index.css?inline";

export class OrchestratorAdminElement extends HTMLElement {
  static readonly observedAttributes = ["base-url"];
  #root: Root | undefined;
  #token: string | undefined;

  get token(): string | undefined {
    return this.#token;
  }

  set token(token: string | undefined) {
    this.#token = token;
    this.#render();
  }

  connectedCallback(): void {
    const shadow = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    shadow.adoptedStyleSheets = [sheet];
    this.#root ??= createRoot(shadow);
    this.#render();
  }

  disconnectedCallback(): void {
    this.#root?.unmount();
    this.#root = undefined;
  }

  attributeChangedCallback(): void {
    this.#render();
  }

  #render(): void {
    const token = this.#token;
    this.#root?.render(<Admin baseUrl={this.getAttribute("base-url") ?? ""} {...(token ? { token } : {})} />);
  }
}

customElements.define("orchestrator-admin", OrchestratorAdminElement);
