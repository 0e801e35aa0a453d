// Programs from Debian that are run against the server. Their tests are left out where a program is missing, and say so in
// their names; with SWAPLAB_REQUIRE_PEERS=1 (.ci/run) they fail instead.
import { expect, it } from "vitest"
import { execute, has, PATH } from "./server.ts"

const required = process.env["SWAPLAB_REQUIRE_PEERS"] === "1"

/** `it` for a test that is left out for a reason, or false. */
export const leftOutIf = (why: string | false) => (title: string, test: () => Promise<void>): void => {
  const left = why !== false && !required
  it.skipIf(left)(left ? `${title} (${why})` : title, test)
}

/** `it` for a test that runs these programs. */
export const withPrograms =
  (...programs: ReadonlyArray<string>) => (title: string, test: () => Promise<void>): void => {
    const missing = programs.filter((program) => !has(program))
    leftOutIf(missing.length > 0 && `not installed: ${missing.join(", ")}`)(title, test)
  }

/** Runs a program that must succeed; resolves to what it printed. */
export const ok = async (program: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const { code, output } = await execute(program, args)
  expect(`${program}: ${code} ${output}`).toMatch(new RegExp(`^${program}: 0 `))
  return output
}

/**
 * Runs statements in nbdsh, where `h` is a handle that is not connected yet; resolves to what they printed. nbdsh needs
 * Debian's own python3, which is therefore found first.
 */
export const nbdsh = (statements: string): Promise<string> =>
  ok("env", `PATH=/usr/bin:${PATH}`, "nbdsh", "-c", "import errno, nbd", "-c", statements)
