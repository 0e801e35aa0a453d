// What survives when the machine loses its power: of a file, only what it held when a sync began that has ended since. The
// disk of this test keeps exactly that, a copy of the file at the beginning of each sync.
import { Command, CommandFlag } from "@swaplab/nbd"
import fc from "fast-check"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { FileStore } from "../src/stores/file-store.ts"
import { asker } from "./asker.ts"

const folder = mkdtempSync(join(tmpdir(), "nbd-power-"))
afterAll(() => rmSync(folder, { recursive: true }))

const PAGE = 4096
const PAGES = 32
const SIZE = PAGES * PAGE
const CLIENTS = 4

const step = fc.record({
  kind: fc.constantFrom("write", "write", "fua", "zeroes", "fuaZeroes", "flush"),
  page: fc.nat(PAGES - 1),
  /** After how many turns of the event loop the sync that this step begins has ended. */
  syncTurns: fc.nat(6)
})

it("of everything answered before a FLUSH, and by FUA, nothing is lost in a power cut after the answer", async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const path = join(folder, `disk-${run++}`)
      const fd = openSync(path, "w+")
      truncateSync(path, SIZE)
      let durable = readFileSync(path)
      let syncs = 0
      const store = new FileStore({
        fd,
        size: SIZE,
        written: 0,
        room: { mayTake: () => true },
        calls: {
          sync: (_fd, done) => {
            const image = readFileSync(path)
            let turns = steps[syncs++ % steps.length].syncTurns
            const turn = (): void => {
              if (turns-- > 0) return void setImmediate(turn)
              durable = image
              done(null)
            }
            turn()
          }
        }
      })
      const answered = new Uint32Array(PAGES)
      const busy = new Uint8Array(PAGES)
      /** The version that zeroes stood for last. Versions only grow. */
      const zeroedAfter = new Uint32Array(PAGES)
      let version = 0
      // a write that was under way when the sync began may have left a part, of a version that is newer still
      const survives = (page: number, wanted: number): void => {
        for (let at = page * PAGE; at < (page + 1) * PAGE; at += 4) {
          const found = durable.readUInt32LE(at)
          if ((found === 0 ? zeroedAfter[page] : found) < wanted) {
            throw new Error(`page ${page}: version ${wanted} was durable, the disk holds ${found}`)
          }
        }
      }
      let next = 0
      const client = async (): Promise<void> => {
        const ask = asker(store, SIZE)
        while (next < steps.length) {
          const { kind, page } = steps[next++]
          if (kind === "flush") {
            const before = answered.slice()
            expect((await ask(Command.Flush, 0, 0)).error).toBe(0)
            before.forEach((wanted, at) => survives(at, wanted))
            continue
          }
          if (busy[page] !== 0) continue
          busy[page] = 1
          const mine = ++version
          const durably = kind.startsWith("fua")
          const flags = durably ? CommandFlag.Fua : 0
          const unit = Buffer.alloc(4)
          unit.writeUInt32LE(mine)
          if (kind.toLowerCase().endsWith("zeroes")) {
            zeroedAfter[page] = mine
            await ask(Command.WriteZeroes, page * PAGE, PAGE, undefined, flags)
          } else await ask(Command.Write, page * PAGE, PAGE, Buffer.alloc(PAGE, unit), flags)
          answered[page] = mine
          if (durably) survives(page, mine)
          busy[page] = 0
        }
      }
      await Promise.all(Array.from({ length: CLIENTS }, client))
      closeSync(fd)
    }),
    { seed: 20120731, numRuns: 60 }
  )
})
