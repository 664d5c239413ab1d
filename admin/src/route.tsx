// Where the person is: a screen, the name in its path, and its filters. The page keeps it in the URL's hash, so that no
// path of the API can be meant; embedded in another page it is kept in memory, and the host's URL is left alone.

import { type AnchorHTMLAttributes, createContext, use, useCallback, useEffect, useMemo, useState } from "react";

export interface Place {
  readonly screen: string;
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
}

interface Navigation {
  readonly place: Place;
  readonly go: (hash: string, how?: "replace") => void;
}

/** Of `#/runs?status=unknown` or `#/autopilots/ai-stylist`. */
function placeOf(hash: string): Place {
  const [path = "", search = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const [screen = "", name = ""] = path.split("/");
  return {
    screen: screen || "overview",
    name: decode(name),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

export function hashOf(screen: string, query: Readonly<Record<string, string | undefined>> = {}, name = ""): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const search = new URLSearchParams(given).toString();
  return `#/${screen}${name && `/${encodeURIComponent(name)}`}${search && `?${search}`}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const NavigationContext = createContext<Navigation | null>(null);

export function useNavigation(): Navigation {
  const navigation = use(NavigationContext);
  if (!navigation) throw new Error("there is no NavigationContext");
  return navigation;
}

/** `inUrl`: whether the place is the URL's hash. */
export function NavigationProvider({ inUrl, children }: { inUrl: boolean; children: React.ReactNode }) {
  const [hash, setHash] = useState(() => (inUrl ? location.hash : ""));
  useEffect(() => {
    if (!inUrl) return undefined;
    const follow = () => setHash(location.hash);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, [inUrl]);
  const go = useCallback(
    (to: string, how?: "replace") => {
      if (!inUrl) setHash(to);
      else if (how) {
        history.replaceState(null, "", to);
        setHash(to);
      } else location.hash = to;
    },
    [inUrl],
  );
  const navigation = useMemo(() => ({ place: placeOf(hash), go }), [hash, go]);
  return <NavigationContext value={navigation}>{children}</NavigationContext>;
}

/** A link to a place, which works as a link of the page and in memory. */
export function Link({ to, ...rest }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const { go } = useNavigation();
  return (
    <a
      {...rest}
      href={to}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(to);
      }}
    />
  );
}
