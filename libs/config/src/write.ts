// Plain data as the text of a file.
import { stringify } from "yaml"

/** The YAML of a configuration; `remarks` stand on top of it, a line each. */
export const toYaml = (value: unknown, remarks: ReadonlyArray<string> = []): string =>
  remarks.map((line) => `# ${line}\n`).join("") + stringify(value, { lineWidth: 110 })
