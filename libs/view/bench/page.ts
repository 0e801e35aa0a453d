// Rate of pages: a table of 500 rows beside a few paragraphs.
// node --max-semi-space-size=64 out-tsc/spec/bench/page.js
import { type Page, pageHtml } from "@swaplab/view"

const PAGES = 50

const page: Page = {
  title: "a room",
  subtitle: "",
  headline: null,
  sections: [{
    title: "Clients",
    blocks: [{
      kind: "table",
      columns: [
        { title: "client", align: "left", use: "key" },
        { title: "page-ins", align: "right", use: "value" },
        { title: "outcome", align: "left", use: "value" }
      ],
      rows: Array.from({ length: 500 }, (_, i) => [`client-${i}`, String(i * 37), { text: "completed", tone: "good" }]),
      indent: 2
    }]
  }],
  command: "swaplab run room.yaml"
}

const run = (): number => {
  let characters = 0
  const start = process.cpuUsage().user
  for (let i = 0; i < PAGES; i++) characters += pageHtml(page).length
  const micros = process.cpuUsage().user - start
  if (characters === 0) throw new Error("nothing was rendered")
  return micros
}

run()
const micros = Math.min(run(), run(), run())
console.log(JSON.stringify({ bench: "page", opsPerCpuSecond: Math.round(PAGES / micros * 1e6) }))
