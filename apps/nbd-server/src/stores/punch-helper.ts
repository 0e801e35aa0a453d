// The program that punches: fallocate of util-linux, because Node has no such call. One shell runs it for each range that is
// written to it, so the server starts one process in its life; starting one stops the event loop for longer the more memory
// the server has. The shell opens the file through /proc, by the descriptor of the server: it may have any name, or none.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import type { Socket } from "node:net"
import type { Punch } from "./puncher.ts"

/** Answers each line "file offset length" with what the program says and a line "= status". */
const SCRIPT = `while read -r file offset length; do
  fallocate --punch-hole --offset "$offset" --length "$length" "$file" 2>&1
  echo "= $?"
done`

/** How fallocate is named in the status and in the log. */
export const PUNCH_PROGRAM = "fallocate"

export class PunchHelper {
  readonly #shell: string
  #child: ChildProcessWithoutNullStreams | null = null
  #text = ""
  #waiting: Array<(why: string | null) => void> = []

  constructor(shell = "/bin/sh") {
    this.#shell = shell
  }

  readonly punch: Punch = (fd, { length, offset }, done) => {
    this.#waiting.push(done)
    this.#child ??= this.#start()
    this.#keepsRunning(this.#child, true)
    this.#child.stdin.write(`/proc/${process.pid}/fd/${fd} ${offset} ${length}\n`)
  }

  /** Ends the shell when it has done what it was told. */
  close(): void {
    this.#child?.stdin.end()
  }

  #start(): ChildProcessWithoutNullStreams {
    const child = spawn(this.#shell, ["-c", SCRIPT], { env: { ...process.env, LC_ALL: "C" } })
    const ended = (why: string): void => {
      if (this.#child !== child) return
      this.#child = null
      this.#text = ""
      for (const done of this.#waiting.splice(0)) done(why)
    }
    child.on("error", ({ message }) => ended(message))
    child.on("close", () => ended(`${this.#shell} ended`))
    child.stdin.on("error", () => {})
    child.stderr.resume()
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#answered(text))
    return child
  }

  /** A shell that has nothing to do does not keep the server from ending; one that is waited for does. */
  #keepsRunning(child: ChildProcessWithoutNullStreams, isBusy: boolean): void {
    for (
      const handle of [
        child,
        ...[child.stdin, child.stdout, child.stderr].map((stream) => stream as unknown as Socket)
      ]
    ) {
      if (isBusy) handle.ref()
      else handle.unref()
    }
  }

  #answered(text: string): void {
    this.#text += text
    for (;;) {
      const answer = /^([^]*?)^= (\d+)\n/m.exec(this.#text)
      if (answer === null) return
      this.#text = this.#text.slice(answer[0].length)
      const said = answer[1].trim().split("\n").at(-1)
      const done = this.#waiting.shift()
      if (this.#waiting.length === 0 && this.#child !== null) this.#keepsRunning(this.#child, false)
      done?.(answer[2] === "0" ? null : said || `status ${answer[2]}`)
    }
  }
}
