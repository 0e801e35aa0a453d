// A program of the tests.
import { directory, file, flag, many, one, oneOf, optional, parse, required, text, wholeNumber } from "@swaplab/command"

export const GREET = {
  name: "greet",
  meaning: "Greets people.",
  commands: {
    all: {
      meaning: "Greets everybody in a file.",
      more: ["In the order of the file."],
      arguments: {
        names: required(file("FILE", "a list of names"), "A name a line."),
        last: optional(text("NAME", "a name"), "Who comes last.")
      },
      options: {
        times: one(wholeNumber(1, 9), "How often.", { letter: "t", without: "Without it: once." }),
        skip: many(text("NAME", "a name"), "Leaves out this one."),
        tone: one(oneOf("TONE", ["warm", "cool"]), "How."),
        noCapitals: flag("Writes small letters."),
        loud: flag("Writes capitals."),
        out: one(directory("DIR", "a directory"), "Where to write.")
      },
      examples: [["all friends.txt --times 2", "twice each"]]
    },
    none: { meaning: "Greets nobody.", arguments: {}, options: {}, examples: [] }
  },
  exitCodes: [[0, "everybody was greeted"], [2, "a mistake in the command line"]]
} as const

/** The same with something to do without a command. */
export const SERVER = {
  ...GREET,
  commands: {
    "": {
      meaning: "Greets who comes.",
      arguments: {},
      options: { port: one(wholeNumber(1, 65535), "Where.") },
      examples: []
    },
    ...GREET.commands
  }
} as const

const style = { columns: 80, title: (text: string): string => text }

/** Reads a line of words. */
export const greet = (line: string) => parse(GREET, "1.0.0", line.split(" ").filter((word) => word !== ""), style)
export const serve = (line: string) => parse(SERVER, "1.0.0", line.split(" ").filter((word) => word !== ""), style)
