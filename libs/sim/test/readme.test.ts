// The example of README.md, as it stands there.
import { Process, Sim, WaitQueue } from "@swaplab/sim"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const lines: Array<string> = []
const print = (line: string) => lines.push(line)

const example = () => {
  const sim = new Sim({ seed: 42 })
  const doorbell = new WaitQueue(sim, "doorbell", "a request arrives")

  const server = new Process(sim, "server")
  sim.spawn(
    server,
    Effect.gen(function*() {
      for (let request = 1; request <= 3; request++) {
        yield* doorbell.sleep(server)
        yield* server.hold(1500) // 1.5 µs of work
        print(`request ${request} done at ${sim.now} ns`)
      }
      yield* doorbell.sleep(server) // nobody will ring again
    })
  )

  const arrivals = sim.stream("arrivals")
  sim.fork(Effect.gen(function*() {
    for (let i = 0; i < 3; i++) {
      yield* Effect.sleep(`${10_000 + arrivals.below(10_000)} nanos`) // Effect's own sleep, on virtual time
      doorbell.wakeOne()
    }
  }))

  const end = sim.run()
  print(`${end.reason}: ${end.reason === "deadlock" ? end.blocked[0].process : ""} waits for ${doorbell.wokenBy}`)
  print(`fingerprint ${sim.fingerprint()}`)
}

it("prints what README.md says", () => {
  example()
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const output = /```text\n([\s\S]*?)```/.exec(readme)?.[1]
  expect(`${lines.join("\n")}\n`).toBe(output)
})

it("is the code that README.md shows", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const shown = /```ts\n([\s\S]*?)```/.exec(readme)?.[1].replace(/\s+/g, " ").replaceAll("console.log(", "print(")
  const body = /const example = \(\) => \{\n([\s\S]*?)\n\}\n/.exec(readFileSync(new URL(import.meta.url), "utf8"))?.[1]
  expect(shown).toContain(body?.replace(/\s+/g, " ").trim())
})
