// A server's transmission: what its store is asked, what its owner is told, when it sends, and its jobs.
import { effectOf } from "#src/server/replies.ts"
import * as sizes from "#src/server/sizes.ts"
import {
  type ByteStore,
  Command,
  CommandFlag,
  encodeRequestHeader,
  exportInfo,
  type Job,
  MemoryStore,
  NbdError,
  Request,
  type ServedExport,
  SIMPLE_MODE
} from "@swaplab/nbd"
import { describe, expect, it } from "vitest"
import { bytesOf, EXTENDED, Keeper, memory, one, rig, SIZE, STRUCTURED } from "./rig.ts"

const { BlockStatus, Cache, Flush, Read, Trim, Write, WriteZeroes } = Command

describe("what the owner is told", () => {
  it.each([
    { what: one(Read, 100), answer: [Read, 0, 100] },
    { what: one(Read, 0), answer: [Read, 0, 0] },
    { what: one(Write, 100), answer: [Write, 0, 100] },
    { what: one(Flush, 100), answer: [Flush, 0, 0] },
    { what: one(Trim, 100), answer: [Trim, 0, 100] },
    { what: one(Cache, 100), answer: [Cache, 0, 100] },
    { what: one(WriteZeroes, 100), answer: [WriteZeroes, 0, 100] },
    { what: one(BlockStatus, 100), answer: [BlockStatus, 0, 0] },
    { what: one(Write, 100, { offset: SIZE }), answer: [Write, NbdError.ENOSPC, 0] },
    { what: one(Read, 100, { offset: SIZE }), answer: [Read, NbdError.EINVAL, 0] }
  ])("of $what", ({ answer, what }) => {
    const { answered, transmission } = rig(memory(), STRUCTURED)
    transmission.receive(bytesOf([what]))
    expect(answered).toEqual([answer])
  })

  it.each([[Read, 9], [Write, 9], [Flush, 0], [Trim, 9], [Cache, 9], [WriteZeroes, 9], [BlockStatus, 0]])(
    "command %i is about %i of 9 bytes",
    (type, bytes) => {
      expect(effectOf(Object.assign(new Request(), { type, lengthLo: 9 }))).toBe(bytes)
    }
  )

  it("nothing is sent while nothing is whole, and once for all that came together", () => {
    const { sends, transmission } = rig(memory())
    const bytes = bytesOf([one(Flush), one(Flush)])
    transmission.receive(bytes, 0, 20)
    expect(sends()).toBe(0)
    transmission.receive(bytes, 20)
    expect(sends()).toBe(1)
    transmission.receive(new Uint8Array(0))
    expect([sends(), transmission.resume(), sends()]).toEqual([1, true, 1])
  })

  // 16 bytes in front of data
  it.each([
    { reads: [32_000, 32_000, 32_000, 32_000, 2991], sends: 0 },
    { reads: [32_000, 32_000, 32_000, 32_000, 2992], sends: 1 }
  ])("half a buffer is sent before the next request: $reads", ({ reads, sends: early }) => {
    const store = new Keeper(SIZE)
    const { sends, transmission } = rig({ info: exportInfo({ name: "disk", size: SIZE }), store, extents: null })
    transmission.receive(bytesOf(reads.map((length) => one(Read, length))))
    while (store.jobs.length > 0) store.finish(0)
    expect(sends()).toBe(early)
  })

  it("a mebibyte of views is sent before the next request", () => {
    const { largestSend, sends, transmission } = rig(memory())
    transmission.receive(bytesOf(Array.from({ length: 8 }, () => one(Read, 524_288))))
    // two of them and their headers are more than a mebibyte
    expect([sends(), largestSend()]).toEqual([4, 2 * (524_288 + 16)])
  })
})

describe("a READ", () => {
  /** A store without views that notes what it is asked. */
  class Plain implements ByteStore {
    readonly asked: Array<string> = []
    error: number = NbdError.Ok
    #note(what: string): number {
      this.asked.push(what)
      return this.error
    }
    read(offset: number, length: number, into: Uint8Array): number {
      into.fill(5)
      expect(into.length).toBe(length)
      return this.#note(`read ${offset} ${length}`)
    }
    write = (offset: number, length: number, from: Uint8Array, flags: number) =>
      this.#note(`write ${offset} ${length} ${from.length} ${flags}`)
    flush = () => this.#note("flush")
    trim = (offset: number, length: number, flags: number) => this.#note(`trim ${offset} ${length} ${flags}`)
    writeZeroes = (offset: number, length: number, flags: number) => this.#note(`zeroes ${offset} ${length} ${flags}`)
    cache = (offset: number, length: number) => this.#note(`cache ${offset} ${length}`)
  }
  const plain = (mode = SIMPLE_MODE, extents: ServedExport["extents"] = null) => {
    const store = new Plain()
    return { store, ...rig({ info: exportInfo({ name: "disk", size: SIZE }), store, extents }, mode) }
  }

  it("each command comes to the store with its range and flags", () => {
    const { store, transmission } = plain()
    const { Fua, NoHole } = CommandFlag
    const at = { offset: 512 }
    transmission.receive(bytesOf([
      one(Read, 10, at),
      one(Write, 10, { ...at, flags: Fua }),
      one(Write, 0),
      one(Flush),
      one(Trim, 10, { ...at, flags: Fua }),
      one(Cache, 10, at),
      one(WriteZeroes, 10, { ...at, flags: NoHole })
    ]))
    expect(store.asked).toEqual([
      "read 512 10",
      "write 512 10 10 1",
      "write 0 0 0 0",
      "flush",
      "trim 512 10 1",
      "cache 512 10",
      "zeroes 512 10 2"
    ])
  })

  it.each([
    { length: 10, error: NbdError.Ok },
    { length: 10, error: NbdError.EIO },
    // more than fits into the buffer of replies
    { length: 300_000, error: NbdError.Ok },
    { length: 300_000, error: NbdError.EIO }
  ])("of $length bytes that ends with $error", ({ error, length }) => {
    const { answered, output, store, transmission } = plain()
    store.error = error
    transmission.receive(bytesOf([one(Read, length)]))
    expect(answered).toEqual([[Read, error, error === NbdError.Ok ? length : 0]])
    const header = `67446698${error.toString(16).padStart(8, "0")}0000abcd00000000`
    expect(output()).toBe(header + (error === NbdError.Ok ? "05".repeat(length) : ""))
  })

  it("in chunks of nothing brings no data", () => {
    const { output, store, transmission } = plain(STRUCTURED)
    transmission.receive(bytesOf([one(Read, 0)]))
    expect([output(), store.asked]).toEqual(["668e33ef000100000000abcd0000000000000000", []])
  })

  it.each([
    { what: "a hole", mode: STRUCTURED, flags: 0, length: 4096, hole: true },
    { what: "a hole in one fragment", mode: STRUCTURED, flags: CommandFlag.Df, length: 4096, hole: false },
    { what: "a hole for a client without chunks", mode: SIMPLE_MODE, flags: 0, length: 4096, hole: false },
    { what: "a hole of nothing", mode: STRUCTURED, flags: 0, length: 0, hole: false }
  ])("of $what: told as a hole $hole", ({ flags, hole, length, mode }) => {
    for (const waits of [false, true]) {
      const { extents, info, store } = memory()
      const keeper = new Keeper(SIZE)
      const { answered, flush, output, transmission } = rig({ info, store: waits ? keeper : store, extents }, mode)
      transmission.receive(bytesOf([one(Read, length, { flags })]))
      while (keeper.jobs.length > 0) keeper.finish(0)
      flush()
      // type 2, offset and length
      const told = output() === "668e33ef000100020000abcd000000000000000c000000000000000000001000"
      expect([told, answered]).toEqual([hole, [[Read, 0, length]]])
    }
  })

  it.each([{ length: sizes.VIEW_BYTES - 1, views: 0 }, { length: sizes.VIEW_BYTES, views: 1 }])(
    "of $length bytes goes from where it is: $views",
    ({ length, views }) => {
      const { info, store } = memory()
      store.write(0, SIZE, new Uint8Array(SIZE).fill(3))
      let seen = 0
      const view = store.view.bind(store)
      const counted = Object.assign(Object.create(store), {
        view: (offset: number, n: number) => (seen++, view(offset, n)),
        read: store.read.bind(store)
      }) as MemoryStore
      const { output, transmission } = rig({ info, store: counted, extents: null })
      transmission.receive(bytesOf([one(Read, length)]))
      expect([seen > 0, output().length]).toEqual([views > 0, 2 * (16 + length)])
    }
  )
})

describe("a READ that a prompt store performs at once", () => {
  const prompt = (mode = SIMPLE_MODE, holes = false, error: number = NbdError.Ok) => {
    const store = new Keeper(SIZE, true)
    if (error !== NbdError.Ok && store.prompt !== undefined) store.prompt = { ...store.prompt, read: () => error }
    store.memory.write(0, SIZE, new Uint8Array(SIZE).fill(5))
    if (holes) store.memory.writeZeroes(0, SIZE)
    return { store, ...rig({ info: memory().info, store, extents: store.memory }, mode) }
  }

  it("brings its data behind a header", () => {
    const { answered, output, store, transmission } = prompt()
    transmission.receive(bytesOf([one(Read, 3), one(Read, 0)]))
    expect(output()).toBe(`67446698000000000000abcd00000000${"05".repeat(3)}67446698000000000000abcd00000001`)
    expect([answered, store.jobs.length, transmission.inFlight]).toEqual([[[Read, 0, 3], [Read, 0, 0]], 0, 0])
  })

  it("in chunks tells holes and brings no empty data", () => {
    const hole = prompt(STRUCTURED, true)
    hole.transmission.receive(bytesOf([one(Read, 4096)]))
    expect([hole.output(), hole.answered]).toEqual([
      "668e33ef000100020000abcd000000000000000c000000000000000000001000",
      [[Read, 0, 4096]]
    ])
    const { output, transmission } = prompt(STRUCTURED)
    transmission.receive(bytesOf([one(Read, 0), one(Read, 1)]))
    expect(output()).toBe(
      "668e33ef000100000000abcd0000000000000000" + "668e33ef000100010000abcd00000001000000090000000000000000" + "05"
    )
  })

  it("that fails brings its error", () => {
    const { answered, output, transmission } = prompt(SIMPLE_MODE, false, NbdError.EIO)
    transmission.receive(bytesOf([one(Read, 3)]))
    expect([output(), answered]).toEqual(["67446698000000050000abcd00000000", [[Read, NbdError.EIO, 0]]])
  })

  it("sends what is in line when it finds no room behind it", () => {
    const { largestSend, sends, transmission } = prompt()
    // 130,000 and 131,072 fit behind each other, a third one does not
    transmission.receive(bytesOf([one(Read, 130_000), one(Read, 131_072), one(Read, 131_072)]))
    expect([sends(), largestSend()]).toEqual([2, 130_000 + 131_072 + 32])
  })
})

describe("jobs", () => {
  it("are used again, with the fields of the next request", () => {
    const jobs: Array<Job> = []
    const seen: Array<object> = []
    const store = {
      waits: true as const,
      perform: (job: Job) => {
        jobs.push(job)
        seen.push({ ...job.request })
      }
    }
    const { flush, ready, transmission } = rig({ info: memory().info, store, extents: null }, EXTENDED)
    const ask = (fields: Partial<Request>) => {
      const request = Object.assign(new Request(), { extended: true }, fields)
      const bytes = new Uint8Array(32)
      encodeRequestHeader(bytes, 0, request)
      transmission.receive(bytes)
      return { ...request }
    }
    const first = ask({ type: Trim, flags: 1, cookieHi: 1, cookieLo: 2, offsetLo: 4, lengthLo: 8 })
    const second = ask({ type: Cache, cookieHi: 9, cookieLo: 8 })
    expect([seen, transmission.inFlight, ready()]).toEqual([[first, second], 2, 0])
    jobs[0].finish(0)
    expect([transmission.inFlight, ready(), transmission.done]).toEqual([1, 1, false])
    jobs[1].finish(0)
    // nothing is in flight, and it has not ended
    expect([transmission.inFlight, transmission.done]).toEqual([0, false])
    ask({ type: Flush, cookieLo: 3 })
    // the one that was finished last
    expect([jobs[2] === jobs[1], jobs[1] === jobs[0], transmission.inFlight]).toEqual([true, false, 1])
    flush()
  })

  it("that end at once need no buffer of their own", () => {
    const store = { waits: true as const, perform: (job: Job) => job.finish(NbdError.EIO) }
    const { answered, ready, sends, transmission } = rig({ info: memory().info, store, extents: null })
    transmission.receive(bytesOf([one(Flush), one(Read, 8)]))
    expect([answered, ready(), sends(), transmission.inFlight]).toEqual([[[Flush, 5, 0], [Read, 5, 0]], 0, 1, 0])
  })

  it("carry tokens for whole blocks where contents are tokens", () => {
    const keeper = new Keeper(SIZE)
    const { transmission } = rig({ info: memory().info, store: keeper, extents: null }, SIMPLE_MODE, "tokens")
    const write = bytesOf([one(Write, 8192)]).subarray(0, 28 + 16)
    transmission.receive(write, 0, 30)
    transmission.receive(write, 30)
    transmission.receive(bytesOf([one(Read, 4096), one(Read, 4100), one(Trim, 8192)]))
    expect(keeper.jobs.map(({ bytes, request }) => [request.type, request.length, bytes.length])).toEqual([
      [Write, 8192, 16],
      [Read, 4096, 8],
      [Read, 4100, 12],
      [Trim, 8192, 0]
    ])
    expect(() => rig(memory(), SIMPLE_MODE, "tokens")).toThrow("tokens travel")
  })
})
