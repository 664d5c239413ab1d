// The look of a page. Every colour is a custom property, so that light, dark and paper differ in one place each; which
// text stands on which of them is computed (brand.ts), never guessed.
import { type Markup, markup } from "../../shared/markup.ts";
import { awayFrom, type Brand, readableOn, textOn } from "./brand.ts";

const LIGHT = { page: "#ffffff", soft: "#f4f6f8", card: "#ffffff", text: "#16181d", muted: "#525a66", line: "#d5dae1" };
const DARK = { page: "#13151a", soft: "#1b1e25", card: "#22262e", text: "#eceef2", muted: "#abb3bf", line: "#3a404b" };

export function style({ colour }: Brand): Markup {
  const onBrand = textOn(colour);
  const shade = awayFrom(colour, onBrand);
  return markup`
:root{color-scheme:light dark;--brand:${colour};--shade:${shade};--on-brand:${onBrand};${palette(LIGHT, colour)}}
@media(prefers-color-scheme:dark){:root{${palette(DARK, colour)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100svh;display:flex;flex-direction:column}
body{font:1.0625rem/1.65 system-ui,sans-serif;overflow-wrap:anywhere;color:var(--text);background:var(--page)}
.width{max-width:68rem;margin-inline:auto;padding-inline:1.25rem}
h1,h2,h3{line-height:1.2;text-wrap:balance;hyphens:auto;margin:0 0 .75rem}
h1{font-size:clamp(2rem,1.3rem + 3.2vw,3.5rem);font-weight:800;line-height:1.12;margin-bottom:1.25rem}
h2{font-size:clamp(1.45rem,1.2rem + 1.1vw,2.1rem)}
h3,li>h2:first-child{font-size:1.2rem}
p{margin:0 0 1rem;white-space:pre-line}
p:last-child{margin-bottom:0}
a{color:var(--accent)}
:focus-visible{outline:3px solid currentColor;outline-offset:3px}
header{border-top:4px solid var(--accent);border-bottom:1px solid var(--line)}
header .width{padding-block:.9rem}
.brand{display:flex;align-items:center;gap:.65rem;font-weight:700}
.mark{display:grid;place-items:center;flex:none;width:2.1rem;height:2.1rem;border-radius:.6rem}
.mark{background:var(--accent);color:var(--on-accent)}
main{flex:1 0 auto;display:flex;flex-direction:column}
main>*>.width{width:100%}
.hero{padding-block:clamp(3rem,9vw,6.5rem);color:var(--on-brand);background:var(--brand)}
.hero{background:linear-gradient(150deg,var(--brand),var(--shade))}
.hero h1{max-width:22ch}
.lead{font-size:clamp(1.15rem,1.05rem + .5vw,1.4rem);line-height:1.5;max-width:60ch}
.action{display:inline-block;margin-top:.75rem;padding:.8rem 1.6rem;border-radius:.7rem;font-weight:650}
.action{background:var(--on-brand);color:var(--brand);text-decoration:none}
.action:hover{text-decoration:underline}
.alone .hero{flex:1;display:grid;align-content:center}
section{padding-block:clamp(2.5rem,6vw,4.5rem)}
section:nth-of-type(even){background:var(--soft)}
:is(.prose,.steps,.questions)>.width>*{max-width:46rem}
:is(.pricing,.faq,.thank-you,.blog-post) :is(.prose,.steps,.questions)>.width{max-width:48.5rem}
section:not(.prose)>.width>h2+p{margin-bottom:1.5rem}
.prose h3{margin-top:2rem}
.prose+.prose{padding-top:0}
.prose+.prose:nth-of-type(even),.prose:nth-of-type(even){background:none}
.grid{display:grid;gap:1.25rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,16.5rem),1fr))}
.grid{list-style:none;margin:0;padding:0}
.grid:has(>:nth-child(4):last-child){grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr))}
.cards li,.plans .grid>li,.facts .grid>div{padding:1.6rem;border:1px solid var(--line);border-radius:1rem;background:var(--card)}
.cards li{border-top:4px solid var(--accent)}
.steps ol{grid-template-columns:1fr;gap:2rem;counter-reset:step}
.steps li{position:relative;padding-inline-start:4rem;min-height:2.75rem;counter-increment:step}
.steps li::before{content:counter(step);position:absolute;inset-inline-start:0;top:0;display:grid;place-items:center}
.steps li::before{width:2.75rem;height:2.75rem;border-radius:50%;font-weight:700}
.steps li::before{background:var(--accent);color:var(--on-accent)}
.steps li>:first-child{padding-top:.55rem}
details{border-bottom:1px solid var(--line);padding-block:1.1rem}
summary{font-weight:650;font-size:1.125rem;cursor:pointer}
details[open] summary{margin-bottom:.75rem}
.plans .price{font-size:1.9rem;font-weight:800;line-height:1.2;margin-bottom:1rem;color:var(--accent)}
.plans li ul{margin:0;list-style:disc;padding-inline-start:1.25rem}
.plans li li{margin-bottom:.4rem}
dt{color:var(--muted);font-size:.95rem}
dd{margin:.25rem 0 0;font-weight:600}
html[dir=rtl] :is(dd,.price){text-align:right}
html[dir=ltr] :is(dd,.price){text-align:left}
dd a{display:inline-block;padding-block:.2rem}
.closing{margin-top:auto;padding-block:clamp(2.5rem,6vw,4rem);text-align:center;border-top:1px solid var(--line)}
.closing{background:var(--soft)}
.closing .lead{margin-inline:auto}
.closing .action{background:var(--accent);color:var(--on-accent)}
footer{border-top:1px solid var(--line);color:var(--muted);font-size:.95rem}
footer .width{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;justify-content:space-between;padding-block:1.5rem}
footer p{margin:0}
:is(.about,.contact,.pricing,.faq,.blog-post) .hero{padding-block:clamp(2.5rem,6vw,4.5rem);background:var(--soft);color:var(--text)}
:is(.about,.contact,.pricing,.faq,.blog-post) .hero .lead{color:var(--muted)}
:is(.about,.contact,.pricing,.faq,.blog-post) .hero .action{background:var(--accent);color:var(--on-accent)}
:is(.about,.contact,.pricing,.faq,.blog-post) section:first-of-type{padding-top:clamp(2.5rem,5vw,3.5rem)}
:is(.pricing,.faq,.thank-you) .hero{text-align:center}
:is(.pricing,.faq,.thank-you) .hero :is(h1,.lead){margin-inline:auto}
.blog-post :is(h1,h2,.prose){font-family:ui-serif,Georgia,"Times New Roman",serif}
.blog-post .prose{font-size:1.15rem;line-height:1.75}
.blog-post .hero>.width{max-width:48.5rem}
.tick{width:4.5rem;height:4.5rem;margin-bottom:1.5rem;padding:1rem;border-radius:50%;fill:none;stroke:var(--brand)}
.tick{background:var(--on-brand);stroke-width:2.6;stroke-linecap:round;stroke-linejoin:round}
@media print{
:root{color-scheme:light;${palette(LIGHT, colour)}}
body,main{display:block;min-height:0;font-size:11pt}
.hero,section,.closing{background:none!important;color:#000!important;padding-block:1rem}
.hero .lead{color:#000!important}
.tick,.mark,.closing{display:none}
.action{padding:0;color:#000!important;background:none!important}
a[href^="https:"]::after{content:" (" attr(href) ")";font-weight:400}
li,details,dl>div{break-inside:avoid}
h1,h2,h3,summary{break-after:avoid}
details::details-content{content-visibility:visible;block-size:auto}
}
`;
}

function palette(colours: typeof LIGHT, brand: string): Markup {
  const accent = readableOn([colours.page, colours.soft, colours.card], brand);
  const all = Object.entries({ ...colours, accent, "on-accent": textOn(accent) });
  return markup`${all.map(([name, value]) => markup`--${name}:${value};`)}`;
}
