// @ts-check
// The table that `npm run bench` prints.

/**
 * The figures in the JSON line that a benchmark prints, or null when there is none.
 * @type {(stdout: string) => Record<string, string> | null}
 */
export const figuresOf = (stdout) => {
  const line = stdout.split("\n").find((text) => text.startsWith("{"))
  if (line === undefined) return null
  const { bench: _, opsPerCpuSecond, ...others } = JSON.parse(line)
  return {
    "ops/CPU s": typeof opsPerCpuSecond === "number" ? Math.round(opsPerCpuSecond).toLocaleString("en-US") : "",
    figures: Object.entries(others).map(([name, value]) =>
      `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`
    ).join(", ")
  }
}

/** Rows under each other, in columns of equal width; numbers end at the right. @type {(rows: ReadonlyArray<Record<string, string>>) => string} */
export const table = (rows) => {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))]
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i].length)))
  return cells.map((row) =>
    row.map((cell, i) => /^[\d,.]+$/.test(cell) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])).join("  ")
      .trimEnd()
  ).join("\n")
}
