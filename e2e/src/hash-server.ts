// A server on this machine for a page that runs scenarios with the engine of swaplab's page, and sends back how each ended.
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { root } from "./command.ts"

/** A scenario by the name of its file. */
export type NamedText = readonly [name: string, text: string]

/** The script of the engine, as it stands in the page that ships. */
const engine = (): string => {
  const html = readFileSync(join(root, "apps/dashboard/bundle/swaplab.html"), "utf8")
  const [, code] = /<script type="text\/plain" id="engine">([^]*?)<\/script>/.exec(html) ?? []
  if (code === undefined) throw new Error("the page has no engine")
  return code
}

const page = (scenarios: ReadonlyArray<NamedText>): string =>
  `<!doctype html>
<meta charset="utf-8"><link rel="icon" href="data:,">
<script type="text/plain" id="engine">${engine()}</script>
<script type="text/plain" id="scenarios">${JSON.stringify(scenarios).replaceAll("<", "\\u003c")}</script>
<script>
const textOf = (id) => document.getElementById(id).textContent
const scenarios = JSON.parse(textOf("scenarios"))
const worker = new Worker(URL.createObjectURL(new Blob([textOf("engine")], { type: "text/javascript" })))
const ends = []
const tell = () => fetch("ends", { method: "POST", body: JSON.stringify(ends) })
const next = () => {
  if (ends.length === scenarios.length) return tell()
  const [file, text] = scenarios[ends.length]
  const source = { file, text, kernel: null, seed: 1, acts: [] }
  worker.postMessage({ kind: "load", source, sampleNs: Infinity, look: null })
  worker.postMessage({ kind: "play", fromNs: 0, toNs: Infinity, speed: Infinity, sampleNs: Infinity, fresh: false })
}
const end = (words) => { ends.push(words); next() }
worker.onmessage = ({ data }) => {
  if (data.kind === "mistake") end(data.message)
  if (data.kind === "rows" && data.ended) end(data.ended.outcome + " " + data.ended.fingerprint)
}
worker.onerror = ({ message }) => { ends.push(message); tell() }
next()
</script>`

/** Serves the page to whoever opens its address; `ends` is what the page that is done first has found. */
export const serveHashes = async (
  scenarios: ReadonlyArray<NamedText>
): Promise<{ readonly url: string; readonly ends: Promise<ReadonlyArray<string>>; readonly close: () => void }> => {
  let resolve: (ends: ReadonlyArray<string>) => void = () => {}
  const ends = new Promise<ReadonlyArray<string>>((done) => (resolve = done))
  const server = createServer((request, response) => {
    if (request.method !== "POST") {
      response.writeHead(200, { "content-type": "text/html" }).end(page(scenarios))
      return
    }
    let text = ""
    request.setEncoding("utf8").on("data", (part: string) => (text += part))
    request.on("end", () => {
      response.end()
      resolve(JSON.parse(text) as ReadonlyArray<string>)
    })
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    ends,
    close: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}
