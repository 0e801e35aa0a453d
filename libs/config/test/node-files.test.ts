// Reading through the calls of a system, made up here: what a descriptor may do.
import { Files, layerFiles } from "@swaplab/config"
import { Effect } from "effect"
import { expect, it } from "vitest"

type Answer = number | Error
const failing = (code: string): Error => Object.assign(new Error(`${code}: told by the system`), { code })

/** A standard input that gives these answers to reads, one each. */
const readStdin = (...answers: Array<Answer>) => {
  const calls = {
    stat: () => {},
    open: () => {},
    close: () => {},
    read: (
      _fd: number,
      _buffer: Uint8Array,
      _at: number,
      _length: number,
      _position: null,
      done: (error: Error | null, value: number) => void
    ) => {
      const answer = answers.shift() ?? 0
      if (answer instanceof Error) done(answer, 0)
      else done(null, answer)
    }
  }
  const paths = { dirname: String, isAbsolute: () => true, join: String, normalize: String }
  return Effect.runPromise(
    Files.pipe(
      Effect.flatMap(({ read }) => read("/dev/stdin", 1000)),
      Effect.map((bytes) => bytes.length),
      Effect.merge,
      Effect.provide(layerFiles(calls, paths))
    )
  )
}

it("reads to the end", async () => {
  expect(await readStdin(3, 4, 0, 5)).toBe(7)
})

it("asks again where a descriptor that does not block has nothing yet", async () => {
  expect(await readStdin(failing("EAGAIN"), 3, failing("EAGAIN"), failing("EAGAIN"), 4, 0)).toBe(7)
})

it("tells any other mistake", async () => {
  expect(await readStdin(3, failing("EIO"))).toBe("input or output error")
})
