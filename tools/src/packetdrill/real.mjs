// @ts-check
// Our scripts on the kernel of this machine, by packetdrill itself: each in a network namespace of its own, on a kernel that is made
// to behave as the one of 2012 where that can be set.
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"

const CONTROL = /net\.ipv4\.tcp_congestion_control=(\w+)\s*/

/**
 * What is set before the first event of a script. A namespace takes only those congestion controls that the host allows, an
 * attribute of the route any; without one the script is about CUBIC, which is the default of 2012.
 * @type {(control: string) => string}
 */
const setting = (control) =>
  [
    "ethtool -K tun0 tso off gso off gro off",
    `ip route change 192.0.2.0/24 via 192.168.0.1 dev tun0 initrwnd 10 congctl ${control}`,
    "sysctl -q net.ipv4.tcp_rmem=\"4096 87380 6291456\" net.ipv4.tcp_wmem=\"4096 16384 4194304\""
  ].join("; ")

/** The script as packetdrill gets it: one line longer. @type {(text: string) => string} */
const realScript = (text) => {
  const control = CONTROL.exec(text)?.[1] ?? "cubic"
  const rest = text.replace(CONTROL, "").replace(/`sysctl -q\s*`/, "`true`")
  return rest.replace(/^0 /m, `0 \`${setting(control)}\`\n+0 `)
}

/** Why it does not hold: what packetdrill says first, with the line of our script. @type {(path: string, said: string) => string} */
const reasonOf = (path, said) => {
  const [first = ""] = said.split("\n").filter((line) => line.trim() !== "")
  return first.replace(/^\S*?\.pkt:(\d+):/, (_, line) => `${basename(path)}:${Number(line) - 1}:`)
}

/**
 * Runs packetdrill once. Null: the script holds; else why it does not.
 * @type {(program: string, path: string, toleranceUs: number, limitMs: number) => Promise<string | null>}
 */
const once = (program, path, toleranceUs, limitMs) =>
  new Promise((done) => {
    const folder = mkdtempSync(join(tmpdir(), "packetdrill-"))
    const script = join(folder, basename(path))
    writeFileSync(script, realScript(readFileSync(path, "utf8")))
    const command = `ip link set lo up && exec "${program}" --tolerance_usecs=${toleranceUs} "${script}"`
    const child = spawn("unshare", ["-n", "sh", "-c", command], { stdio: ["ignore", "ignore", "pipe"] })
    let said = ""
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill("SIGKILL")
    }, limitMs)
    child.stderr.on("data", (bytes) => said += bytes)
    child.on("close", (code) => {
      clearTimeout(timer)
      rmSync(folder, { recursive: true })
      done(late ? `not finished within ${limitMs / 1000} s` : code === 0 ? null : reasonOf(path, said))
    })
    child.on("error", (error) => said += error.message)
  })

/**
 * Runs a script up to `tries` times, until it holds: a machine that does other work may come late once.
 * @type {(program: string, path: string, options: { tries: number, toleranceUs: number, limitMs: number }) =>
 *   Promise<{ path: string, holds: boolean, tries: number, reason: string | null }>}
 */
export const holdsOn = async (program, path, { limitMs, toleranceUs, tries }) => {
  let reason = null
  for (let i = 1; i <= tries; i++) {
    reason = await once(program, path, toleranceUs, limitMs)
    if (reason === null) return { path, holds: true, tries: i, reason }
  }
  return { path, holds: false, tries, reason }
}
