"""Pieces of manifests that several tests add to the shipped one."""

GREETER = {
    "name": "greeter",
    "worker": "efh-greeter",
    "capabilities": ["greet.person"],
    "needs": {
        "kvNamespaces": ["GREETINGS"],
        "r2Buckets": ["efh-cards"],
        "workers": [
            {
                "name": "efh-greeter",
                "content": "export default { async fetch(request, env) {"
                " await env.GREETINGS.put('last', 'Ada');"
                " return Response.json({greeting: 'Hello', card: await env.EFH_CARDS.head('x')}) },"
                " async scheduled() {} }",
                "crons": ["0 6 * * *"],
            }
        ],
    },
}
