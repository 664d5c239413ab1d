// Shows the HTML that the admin page sends, in a frame without any right: no script of it runs, nothing leaves.
addEventListener(
  "message",
  ({ data, source }) => {
    if (source !== parent || typeof data !== "string") return;
    const page = new DOMParser().parseFromString(data, "text/html");
    for (const each of page.querySelectorAll("script, meta[http-equiv], base, iframe, object, embed")) each.remove();
    document.replaceChild(document.adoptNode(page.documentElement), document.documentElement);
  },
  { once: true },
);
parent.postMessage("ready", "*");
