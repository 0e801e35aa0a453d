// Paths as users type them.
import { formatPath, parsePath } from "@swaplab/config"
import { describe, expect, it } from "vitest"

describe("a path", () => {
  it.each([
    ["clients", ["clients"]],
    ["clients.0.ram", ["clients", 0, "ram"]],
    ["clients[0].ram", ["clients", 0, "ram"]],
    ["clients[0].sysctl[\"net.ipv4.tcp_retries2\"]", ["clients", 0, "sysctl", "net.ipv4.tcp_retries2"]],
    ["server.sysctl[\"7\"].x", ["server", "sysctl", "7", "x"]],
    ["a.1234567", ["a", "1234567"]]
  ])("%s", (text, path) => expect(parsePath(text)).toEqual(path))

  it.each(["", ".a", "a.", "a..b", "a[x]", "a[0", "a[\"x]", "a[\"\"]", "a b", "0.a", "a[\"x\"]b"])(
    "%s is none",
    (text) => expect(parsePath(text)).toBeNull()
  )

  it("is read as it is written", () => {
    for (const path of [["clients", 0, "sysctl", "vm.page-cluster"], ["a", "b-c", 3], ["x", "two words", "y"]]) {
      expect(parsePath(formatPath(path))).toEqual(path)
    }
  })
})
