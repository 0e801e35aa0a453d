// A command that serves a page, for as long as a test looks at it.
import { type ChildProcess, spawn } from "node:child_process"
import { request } from "node:http"
import { main, root } from "./command.ts"

/** The command, and where it serves. */
export interface Served {
  readonly url: string
  /** What it has printed on standard output so far. */
  readonly stdout: () => string
  /** Interrupts it; how it ended. */
  readonly end: () => Promise<number | null>
  /** Resolves when it ends by itself. */
  readonly ended: Promise<number | null>
}

const children: Array<ChildProcess> = []

/** Ends what a test has left. */
export const endServed = (): void => {
  for (const child of children.splice(0)) child.kill("SIGKILL")
}

/** Starts `swaplab …` and waits until it says where it serves. */
export const served = (args: ReadonlyArray<string>): Promise<Served> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args, "--port", "0"], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"]
    })
    children.push(child)
    let stdout = ""
    let stderr = ""
    const ended = new Promise<number | null>((done) => child.on("close", (code) => done(code)))
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
      const [url] = /http:\/\/\S+\//.exec(stderr) ?? []
      if (url === undefined) return
      resolve({
        url,
        stdout: () => stdout,
        ended,
        end: () => {
          child.kill("SIGINT")
          return ended
        }
      })
    })
    child.on("error", reject)
    child.on("close", () => reject(new Error(`it ended: ${stderr}`)))
  })

/** Status and text of an answer, with any headers: `fetch` lets nobody choose the name of the host. */
export const ask = (
  url: string,
  headers: Readonly<Record<string, string>> = {}
): Promise<{ readonly status: number; readonly text: string; readonly cookie: string }> =>
  new Promise((resolve, reject) => {
    request(url, { headers: { ...headers }, agent: false }, (answer) => {
      let text = ""
      answer.setEncoding("utf8").on("data", (part: string) => (text += part))
      answer.on("end", () => {
        const [cookie = ""] = answer.headers["set-cookie"] ?? []
        resolve({ status: answer.statusCode ?? 0, text, cookie })
      })
    }).on("error", reject).end()
  })
