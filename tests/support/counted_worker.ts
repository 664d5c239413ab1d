// The router, told how often a request has touched its storage by the time that it is answered: the header `x-touched`.

import type { Env } from "../../router/src/env.ts";
import router from "../../router/src/index.ts";

function counted<T extends object>(binding: T, touch: () => void): T {
  return new Proxy(binding, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== "function") return member;
      return (...given: unknown[]) => {
        touch();
        return Reflect.apply(member, target, given) as unknown;
      };
    },
  });
}

export default {
  async fetch(request, env, context): Promise<Response> {
    let touched = 0;
    const touch = () => touched++;
    const watched = { ...env, DB: counted(env.DB!, touch), REGISTRY: counted(env.REGISTRY!, touch) };
    const response = await router.fetch(request, watched, context);
    response.headers.set("x-touched", String(touched));
    return response;
  },
} satisfies ExportedHandler<Env>;
