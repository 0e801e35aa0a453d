// How a page looks, on a screen and on paper. One style sheet without anything that is loaded: the fonts are those of the
// reader's system. Nothing is said by colour alone: a tone has a mark in front of it, or a weight.

export const STYLE = `
:root { color-scheme: light dark; --ink: #1a1a1a; --soft: #555; --rule: #d5d5d5; --line: #f0f0f0; --paper: #fff; --code: #f6f6f6;
  --good: #1f6b38; --bad: #b0201f; --warn: #7a5200 }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e4e4e4; --soft: #a8a8a8; --rule: #444; --line: #2a2a2a; --paper: #141414; --code: #202020;
    --good: #7fd49a; --bad: #ff8f87; --warn: #e6b450 }
  figure svg { filter: invert(.92) hue-rotate(180deg) }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1.25rem 4rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .5rem; padding-top: .6rem; border-top: 1px solid var(--rule) }
p { margin: .35rem 0; max-width: 60rem }
.soft { color: var(--soft) }
.headline { margin: 1.5rem 0; padding: 1rem 1.25rem; border: 1px solid var(--rule); border-left: .4rem solid var(--ink) }
.headline strong { font-size: 3rem; line-height: 1.1; font-variant-numeric: tabular-nums }
.headline .unit { font-size: 1.3rem; margin-left: .5rem }
.scroll { overflow-x: auto; margin: .6rem 0 }
table { border-collapse: collapse; font-size: .9rem }
th, td { padding: .18rem .8rem .18rem 0; text-align: left; vertical-align: top; white-space: nowrap; font-weight: normal }
thead th { color: var(--soft); border-bottom: 1px solid var(--rule); vertical-align: bottom }
tbody tr + tr > * { border-top: 1px solid var(--line) }
.right { text-align: right; font-variant-numeric: tabular-nums }
.prose { white-space: normal; min-width: 20rem; max-width: 45rem }
.good { color: var(--good) } .good::before { content: "\\2713\\00a0" }
.bad { color: var(--bad); font-weight: 600 } .bad::before { content: "\\2717\\00a0" }
.warn { color: var(--warn) } .warn::before { content: "!\\00a0" }
.strong { font-weight: 600 }
figure { margin: 1rem 0 } figure svg { max-width: 100%; height: auto; display: block }
figcaption { color: var(--soft); font-size: .9rem; max-width: 60rem }
pre { background: var(--code); padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem }
@media print {
  @page { margin: 14mm }
  body { padding: 0; max-width: none; font-size: 10pt }
  .scroll { overflow: visible } th, td { white-space: normal; padding-right: .5rem } table { font-size: 8pt }
  .prose { min-width: 0 }
  h2, figcaption { break-after: avoid } figure, .headline, tr { break-inside: avoid }
}
`
