import { describe, expect, it } from "vitest"
import { figuresOf, table } from "../src/bench-table.mjs"
import { check, lastLine, sum, tallyVitest } from "../src/results.mjs"

const report = (success: boolean, ...tests: ReadonlyArray<string>) =>
  JSON.stringify({
    success,
    testResults: [{
      name: "/somewhere/libs/lan/test/deep/a.test.ts",
      status: tests.includes("failed") ? "failed" : "passed",
      message: "",
      assertionResults: tests.map((status, i) => ({ status, fullName: `test ${i}` }))
    }]
  })

const lan = { name: "lan", folder: "libs/lan" }
const tcp = { name: "tcp", folder: "libs/tcp" }

describe("results", () => {
  it("count what passed, what failed and what was left out", () => {
    expect(tallyVitest([lan], report(false, "passed", "failed", "skipped", "passed"))).toEqual({
      passed: 2,
      failed: 1,
      failures: ["lan: deep/a.test.ts: test 1"],
      leftOut: ["lan: deep/a.test.ts: test 2"]
    })
  })

  it.each([
    ["no file", null, "no test-results.json was written"],
    ["half a file", "{\"success\": tr", "is not JSON"],
    ["no test", JSON.stringify({ success: true, testResults: [] }), "lan: no test was run"],
    ["a test that did not end", report(true, "passed", "pending"), "test 1: did not end"],
    ["an error outside of all tests", report(false, "passed"), "outside of all tests"],
    [
      "a file that cannot be loaded",
      JSON.stringify({
        success: false,
        testResults: [{
          name: "/x/libs/lan/test/b.test.ts",
          status: "failed",
          message: "Cannot find x\nat y",
          assertionResults: []
        }]
      }),
      "lan: b.test.ts: Cannot find x"
    ]
  ])("are a failure when there is %s", (_what, text, failure) => {
    const { failed, failures } = tallyVitest([lan], text)
    expect(failed).toBe(1)
    expect(failures[0]).toContain(failure)
  })

  it("are a failure for each project of which no test ran", () => {
    expect(tallyVitest([lan, tcp], report(true, "passed"))).toMatchObject({
      passed: 1,
      failed: 1,
      failures: ["tcp: no test was run"]
    })
  })
})

it("the last line says how many passed and failed", () => {
  expect(lastLine(sum([check("types", true), check("format", false), tallyVitest([lan], report(true, "passed"))])))
    .toBe(
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
