"""Pieces of manifests that several tests add to the shipped one."""

WELCOMER = {
    "name": "welcomer",
    "worker": "efh-welcomer",
    "capabilities": ["guest.welcome"],
    "needs": {
        "kvNamespaces": ["WELCOMES"],
        "r2Buckets": ["efh-cards"],
        "workers": [
            {
                "name": "efh-welcomer",
                "content": "export default { async fetch(request, env) {"
                " await env.WELCOMES.put('last', 'Ada');"
                " return Response.json({greeting: 'Hello', card: await env.EFH_CARDS.head('x')}) },"
                " async scheduled() {} }",
                "crons": ["0 6 * * *"],
            }
        ],
    },
}
