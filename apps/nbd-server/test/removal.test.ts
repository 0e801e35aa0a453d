// A store in a file gives its room on the disk back: no name is left, and no descriptor that would keep it.
import { encodeRequest } from "@swaplab/nbd"
import { readdirSync, readlinkSync, statSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { attached, run, scratch } from "./rig.ts"

/** Open files of this process that are in a folder, deleted or not. */
const openIn = (folder: string): ReadonlyArray<string> =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(join("/proc/self/fd", fd))
      return path.startsWith(folder) ? [path] : []
    } catch {
      // the descriptor that listed the folder
      return []
    }
  })

const request = (type: number, offset: number, length: number): Buffer => {
  const bytes = Buffer.alloc(28 + (type === 1 ? length : 0), 7)
  encodeRequest(bytes, 0, 0, type, 0, 0, offset, length)
  return bytes
}

it.each(["DISC", "the end of the grace period"])("after %s nothing is left of it", async (end) => {
  const folder = scratch()
  const swap = { "swap-*": { size: "8 MiB", store: "file", directory: folder, grace: "1 ms" } }
  const server = await run({ swap })
  const client = await attached(server.port, "swap-a")
  client.socket.write(request(1, 2 ** 20, 2 ** 20))
  expect((await client.take(16)).readUInt32BE(4)).toBe(0)
  const [file] = readdirSync(folder)
  expect(statSync(join(folder, file)).blocks * 512).toBeGreaterThanOrEqual(2 ** 20)
  expect(openIn(folder)).toEqual([join(folder, file)])
  if (end === "DISC") client.socket.write(request(2, 0, 0))
  else client.socket.destroy()
  await server.event("removed")
  // the log tells it when it begins: who comes next waits until it is done
  const next = await attached(server.port, "swap-b")
  expect(readdirSync(folder).length).toBe(1)
  expect(openIn(folder).length).toBe(1)
  expect(openIn(folder)[0]).not.toMatch(/swap-a/)
  next.socket.destroy()
  await server.stop()
})

describe("a connection that is left behind, such as by a power cut, while another one of the client says DISC", () => {
  const three = async () => {
    const folder = scratch()
    const server = await run({ swap: { "swap-*": { size: "8 MiB", store: "file", directory: folder, grace: "1 h" } } })
    const old = await attached(server.port, "swap-a")
    await server.event("attached")
    const disconnect = async () => {
      const client = await attached(server.port, "swap-a")
      await server.event("attached")
      client.socket.write(request(2, 0, 0))
      await server.event("detached")
    }
    return { folder, server, old, disconnect }
  }

  it("does not keep the store once it is found to be gone", async () => {
    const { disconnect, old, server } = await three()
    await disconnect()
    old.socket.destroy()
    await server.event("removed")
    await server.stop()
  })

  it.each(["has been heard from since", "has attached again since"])("keeps it when the client %s", async (how) => {
    const { disconnect, folder, old, server } = await three()
    if (how.startsWith("has been")) {
      const later = await attached(server.port, "swap-a")
      expect(await old.ask()).toBe(0)
      later.socket.write(request(2, 0, 0))
      await server.event("detached")
    } else {
      await disconnect()
      const again = await attached(server.port, "swap-a")
      await server.event("attached")
      again.socket.destroy()
      await server.event("detached")
    }
    old.socket.destroy()
    await server.event("detached")
    expect(readdirSync(folder).length).toBe(1)
    await server.stop()
    expect(server.events.some(({ event }) => event === "removed")).toBe(false)
  })
})
