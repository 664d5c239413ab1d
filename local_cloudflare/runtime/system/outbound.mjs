// In workerd, behind the Workers: every fetch() of theirs passes here.
//
// Names below .localhost are not to be had from every resolver, so those at the front's port go to the front directly.
// As at the edge, the address of the client is not passed on, and `cf-worker` says where the request comes from.
export default {
  /** @param {Request} request @param {Record<string, any>} env */
  async fetch(request, env) {
    const headers = new Headers(request.headers);
    headers.delete("cf-connecting-ip");
    headers.set("cf-worker", "localhost");
    const onward = new Request(request, { headers });
    const { hostname, port } = new URL(request.url);
    const isWorker = hostname.endsWith(".localhost") && port === env.FRONT_PORT;
    return isWorker ? env.FRONT.fetch(onward) : fetch(onward);
  },
};
