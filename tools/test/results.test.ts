import { describe, expect, it } from "vitest"
import { figuresOf, table } from "../src/bench-table.mjs"
import { check, lastLine, sum, tallyTasks, tallyVitest } from "../src/results.mjs"

const report = (success: boolean, ...tests: ReadonlyArray<string>) =>
  JSON.stringify({
    success,
    testResults: [{
      name: "/somewhere/a.test.ts",
      status: tests.includes("failed") ? "failed" : "passed",
      message: "",
      assertionResults: tests.map((status, i) => ({ status, fullName: `test ${i}` }))
    }]
  })

describe("a project's results", () => {
  it("count what passed, what failed and what was left out", () => {
    expect(tallyVitest("lan", report(false, "passed", "failed", "skipped", "passed"))).toEqual({
      passed: 2,
      failed: 1,
      failures: ["lan: a.test.ts: test 1"],
      leftOut: ["lan: a.test.ts: test 2"]
    })
  })

  it.each([
    ["no file", null, "no test-results.json was written"],
    ["half a file", "{\"success\": tr", "is not JSON"],
    ["no test", JSON.stringify({ success: true, testResults: [] }), "no test was run"],
    ["an error outside of all tests", report(false, "passed"), "outside of all tests"],
    [
      "a file that cannot be loaded",
      JSON.stringify({
        success: false,
        testResults: [{ name: "b.test.ts", status: "failed", message: "Cannot find x\nat y", assertionResults: [] }]
      }),
      "b.test.ts: Cannot find x"
    ]
  ])("are a failure when there is %s", (_what, text, failure) => {
    const { failed, failures } = tallyVitest("lan", text)
    expect(failed).toBe(1)
    expect(failures[0]).toContain(failure)
  })
})

it("a lint or type check that Nx did not come to has failed", () => {
  const log = JSON.stringify([
    { name: "thread_name", ph: "M", args: { name: "Group #1" } },
    { name: "lan:lint", args: { status: "success" } },
    { name: "vmscan:lint", args: { status: "local-cache" } },
    { name: "nbd:lint", args: { status: "failure" } },
    { name: "swap:lint", args: { status: "skipped" } }
  ])
  expect(tallyTasks(["lan:lint", "nbd:lint", "swap:lint", "tcp:lint", "vmscan:lint"], log)).toMatchObject({
    passed: 2,
    failed: 3,
    failures: ["nbd:lint", "swap:lint", "tcp:lint"]
  })
  expect(tallyTasks(["lan:lint"], null)).toMatchObject({ passed: 0, failed: 1 })
})

it("the last line says how many passed and failed", () => {
  expect(lastLine(sum([check("types", true), check("format", false), tallyVitest("a", report(true, "passed"))]))).toBe(
    "2 passed, 1 failed"
  )
})

it("the table of benchmarks has a row for each, also for one that failed", () => {
  const rows = [
    {
      lib: "sim",
      bench: "sim",
      ...figuresOf("warming up\n{\"bench\":\"sim\",\"opsPerCpuSecond\":1234567.8,\"ratio\":0.93}\n")
    },
    { lib: "net-skb", bench: "skb", "ops/CPU s": "failed" }
  ]
  expect(figuresOf("no line of JSON")).toBeNull()
  expect(table(rows)).toBe(
    [
      "lib      bench  ops/CPU s  figures",
      "sim      sim    1,234,567.8".replace("1,234,567.8", "1,234,568") + "  ratio 0.93",
      "net-skb  skb    failed"
    ].join("\n")
  )
})
