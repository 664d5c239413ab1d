// Who is signed in. The token is in memory; on wish in sessionStorage, which ends with the tab. Never in a URL, in
// localStorage or in a cookie. A one-time code (`#code=…`, stack `local`) is taken out of the URL before it is used.

import { useEffect, useState } from "react";
import { createApi, data, Refusal, redeem } from "./api/client.ts";
import { t } from "./texts.ts";
import { Button, Failure, Field, Loading } from "./ui/parts.tsx";

/** How the names begin of what is kept until the tab is closed, or somebody signs out. */
export const KEPT = "orchestrator-admin-";
const KEY = `${KEPT}token`;

export function rememberedToken(): string {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // storage may be forbidden
  }
}

function remember(token: string): void {
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // then it is in memory alone
  }
}

/** The token, and what was sent with it. */
export function forget(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(KEPT)) sessionStorage.removeItem(key);
  } catch {
    // then nothing was kept
  }
}

/** The code in the URL, which is taken out of it. */
export function takeCode(): string {
  const code = /^#code=([0-9a-f]{64})$/.exec(location.hash)?.[1] ?? "";
  if (code) history.replaceState(null, "", `${location.pathname}#/`);
  return code;
}

export function SignIn(props: { baseUrl: string; code: string; onToken: (token: string) => void; refused?: boolean }) {
  const { baseUrl, code, onToken } = props;
  const [isRedeeming, setRedeeming] = useState(code !== "");
  const [error, setError] = useState<unknown>(props.refused ? new Error(t.signIn.refused) : null);
  const [isBusy, setBusy] = useState(false);

  useEffect(() => {
    if (!code) return;
    redeem(baseUrl, code).then(
      (token) => {
        onToken(token);
      },
      (reason: unknown) => {
        setError(reason instanceof Refusal ? new Error(t.signIn.badCode) : reason);
        setRedeeming(false);
      },
    );
  }, [baseUrl, code, onToken]);

  const submit = async (form: FormData) => {
    const token = String(form.get("token")).trim();
    setBusy(true);
    try {
      await data(createApi(baseUrl, token).client.GET("/autopilot/me"));
      if (form.get("remember")) remember(token);
      onToken(token);
    } catch (reason) {
      setError(reason instanceof Refusal && reason.status === 401 ? new Error(t.signIn.refused) : reason);
      setBusy(false);
    }
  };

  if (isRedeeming) return <Loading />;
  return (
    <main className="oa-sign-in">
      <form
        className="oa-card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(new FormData(event.currentTarget));
        }}
      >
        <h1>{t.signIn.title}</h1>
        <p className="oa-lead">{t.signIn.lead}</p>
        {error !== null && <Failure error={error} />}
        <Field label={t.signIn.token}>
          {(id) => (
            <input id={id} name="token" type="password" required autoComplete="current-password" spellCheck={false} />
          )}
        </Field>
        <label className="oa-check">
          <input type="checkbox" name="remember" /> {t.signIn.remember}
        </label>
        <p className="oa-hint">{t.signIn.rememberHint}</p>
        <Button kind="main" type="submit" disabled={isBusy}>
          {t.signIn.go}
        </Button>
      </form>
    </main>
  );
}
