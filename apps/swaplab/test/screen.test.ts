import { expect, it } from "vitest"
import { sheetOf } from "../src/screen.ts"

const terminal = { isTTY: true, columns: 132 }

it.each([
  ["a terminal", terminal, {}, { width: 132, colour: true }],
  ["a terminal without a size", { isTTY: true, columns: 0 }, {}, { width: 80, colour: true }],
  ["a pipe", {}, {}, { width: 80, colour: false }],
  ["COLUMNS", terminal, { COLUMNS: "100" }, { width: 100, colour: true }],
  ["COLUMNS for a pipe", {}, { COLUMNS: "100" }, { width: 100, colour: false }],
  ["COLUMNS that is no number", terminal, { COLUMNS: "wide" }, { width: 132, colour: true }],
  ["COLUMNS of 0", terminal, { COLUMNS: "0" }, { width: 132, colour: true }],
  ["NO_COLOR", terminal, { NO_COLOR: "1" }, { width: 132, colour: false }],
  ["an empty NO_COLOR", terminal, { NO_COLOR: "" }, { width: 132, colour: true }],
  ["FORCE_COLOR for a pipe", {}, { FORCE_COLOR: "1" }, { width: 80, colour: true }],
  ["FORCE_COLOR=0", terminal, { FORCE_COLOR: "0" }, { width: 132, colour: false }],
  ["FORCE_COLOR before NO_COLOR", {}, { FORCE_COLOR: "1", NO_COLOR: "1" }, { width: 80, colour: true }],
  ["a dumb terminal", terminal, { TERM: "dumb" }, { width: 132, colour: false }]
])("%s", (_, screen, environment, sheet) => {
  expect(sheetOf(screen, environment)).toEqual(sheet)
})
