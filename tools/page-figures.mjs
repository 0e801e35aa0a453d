// @ts-check
// What the page costs: `node tools/page-figures.mjs [SECONDS]`, after `npm run build` and `npm run page`, with Debian's Chromium.
// Prints one line of JSON:
//
// - gzipKiB: the page as a web server sends it
// - firstPaintMs: from opening it to its first words, median of five, each in a browser that has nothing of it yet
// - framesPerSecond: frames that show another moment, with 100 clients of 64 MiB that run as fast as they go
// - memoryMB: the most that the process of the page ever had to itself: anonymous memory, in swap too. What it maps from files is
//   shared with the browser
//
// The run is taken and made three times in the same page: what one leaves behind shows in the next. `runs` has the figures of each,
// above them stand the fewest frames and the most memory.
//
// The page and its thread share the cores with the browser's own processes: on a busy machine there are fewer frames.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { chromium } from "playwright-core"
import { median } from "./src/statistics.mjs"
import { root } from "./src/workspace.mjs"

const seconds = Number(process.argv[2] ?? 10)
const file = join(root, "apps/dashboard/bundle/swaplab.html")
const url = `file://${file}`

/** Everybody swaps all the time, and nobody is done before the figures are taken. */
const ROOM = `name: room-of-100
seeds: 1
duration: 1000 s
kernels: { patched: { allocator: slab, base: v3.6 } }
clients:
  - { name: client, count: 100, ram: 64 MiB, cpus: 1, swap: 256 MiB, workload: { usemem: { processesPerCpu: 2, size: 1x RAM, passes: 1000 } } }
`

const RUNS = 3

const launch = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] })

/** Milliseconds to the first words. */
const firstPaint = async () => {
  const browser = await launch()
  try {
    const page = await browser.newPage()
    await page.goto(url)
    return Number(
      await page.evaluate(
        "new Promise((tell) => new PerformanceObserver((list) => { for (const { name, startTime } of list.getEntries())"
          + " if (name === 'first-contentful-paint') tell(startTime) }).observe({ type: 'paint', buffered: true }))"
      )
    )
  } finally {
    await browser.close()
  }
}

/** MB of anonymous memory of a process, in swap too. @type {(pid: number) => number} */
const ownMB = (pid) => {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const kB = (/** @type {string} */ name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0)
  return (kB("RssAnon") + kB("VmSwap")) * 1024 / 1e6
}

const measureRoom = async () => {
  const browser = await launch()
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } })
    await page.goto(`${url}#room`)
    const system = await browser.newBrowserCDPSession()
    const { processInfo } = await system.send("SystemInfo.getProcessInfo")
    const pids = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id)
    /** The process of the page is the largest: the browser keeps an empty one in reserve. */
    const memoryMB = () => Math.max(...pids.map(ownMB))
    await page.getByText("Your own scenario").click()
    await page.getByRole("textbox", { name: "a scenario (YAML)" }).fill(ROOM)
    /** @type {Array<{ framesPerSecond: number, memoryMB: number }>} */
    const runs = []
    for (let run = 0; run < RUNS; run++) {
      await page.getByRole("button", { name: "Take it" }).click()
      await page.getByRole("button", { name: /^client-100/ }).waitFor()
      await page.getByLabel("Speed").selectOption("as fast as it goes")
      await page.getByRole("button", { name: "Run" }).click()
      let most = 0
      const looking = setInterval(() => (most = Math.max(most, memoryMB())), 100)
      const frames = Number(
        await page.evaluate(
          `new Promise((tell) => {
            const clock = document.querySelector(".clock")
            const end = performance.now() + ${seconds * 1000}
            let before = ""
            let frames = 0
            const look = () => {
              if (clock.textContent !== before) frames++
              before = clock.textContent
              if (performance.now() < end) requestAnimationFrame(look)
              else tell(frames)
            }
            requestAnimationFrame(look)
          })`
        )
      )
      clearInterval(looking)
      runs.push({ framesPerSecond: Math.round(frames / seconds * 10) / 10, memoryMB: Math.round(most) })
    }
    return runs
  } finally {
    await browser.close()
  }
}

/** @type {Array<number>} */
const paints = []
for (let i = 0; i < 5; i++) paints.push(await firstPaint())
const runs = await measureRoom()
console.log(JSON.stringify({
  bench: "page",
  gzipKiB: Math.round(gzipSync(readFileSync(file), { level: 9 }).length / 1024),
  firstPaintMs: Math.round(median(paints)),
  framesPerSecond: Math.min(...runs.map(({ framesPerSecond }) => framesPerSecond)),
  memoryMB: Math.max(...runs.map(({ memoryMB }) => memoryMB)),
  runs
}))
