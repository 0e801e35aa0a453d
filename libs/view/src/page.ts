// A page in one file: it loads nothing and needs no script, so it opens from a disk, in a mail and in ten years.
//
// Everything on it is prepared by @swaplab/report; here it only gets a place. The same parts are for a page that shows a run
// while it goes on.
import type { Document, Drawing } from "@swaplab/report"
import { type ComponentChild, h } from "preact"
import { renderToStaticMarkup } from "preact-render-to-string"
import { DocumentView } from "./document-view.ts"
import { STYLE } from "./style.ts"

/** One figure that answers the question, with what it means. */
export interface Headline {
  /** The figure, as it is read: `48`. */
  readonly value: string
  /** What it counts: `clients`. */
  readonly unit: string
  /** What stands under it: the interval, and how sure it is. */
  readonly sentences: ReadonlyArray<string>
}

/** What a page shows, from the top. */
export interface Page {
  readonly title: string
  /** What was asked, in a sentence; empty for none. */
  readonly subtitle: string
  readonly headline: Headline | null
  readonly figures: ReadonlyArray<Drawing>
  readonly document: Document
  /** The command line that makes the page again. */
  readonly command: string
}

const HeadlineView = ({ sentences, unit, value }: Headline): ComponentChild =>
  h(
    "div",
    { class: "headline" },
    h("strong", null, value),
    h("span", { class: "unit" }, unit),
    sentences.map((sentence) => h("p", null, sentence))
  )

/** The element of an SVG file, without the declaration in front of it. */
const elementOf = (svg: string): string => svg.slice(svg.indexOf("<svg"))

const FigureView = ({ caption, svg }: Drawing): ComponentChild =>
  h(
    "figure",
    null,
    h("div", { dangerouslySetInnerHTML: { __html: elementOf(svg) } }),
    h("figcaption", null, caption)
  )

const PageView = ({ command, document, figures, headline, subtitle, title }: Page): ComponentChild =>
  h(
    "html",
    { lang: "en" },
    h(
      "head",
      null,
      h("meta", { charset: "utf-8" }),
      h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      h("title", null, title),
      h("style", { dangerouslySetInnerHTML: { __html: STYLE } })
    ),
    h(
      "body",
      null,
      h("header", null, h("h1", null, title), subtitle === "" ? null : h("p", { class: "soft" }, subtitle)),
      headline === null ? null : h(HeadlineView, headline),
      figures.map((figure) => h(FigureView, figure)),
      h(DocumentView, { document }),
      h("footer", null, h("h2", null, "Made by"), h("pre", null, command))
    )
  )

/** The page as the text of an HTML file. The same input gives the same bytes. */
export const pageHtml = (page: Page): string => `<!doctype html>\n${renderToStaticMarkup(h(PageView, page))}\n`
