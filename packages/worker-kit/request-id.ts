// The id under which a request is found in every log: the caller's own, if it is sane, else a new one.

const SANE = /^[A-Za-z0-9._-]{1,64}$/;

export function requestIdOf({ headers }: Request): string {
  const given = headers.get("x-request-id");
  return given !== null && SANE.test(given) ? given : crypto.randomUUID();
}
