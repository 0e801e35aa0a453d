// A page in one file: it loads nothing and needs no script, so it opens from a disk, in a mail and in ten years.
//
// Everything on it is prepared by @swaplab/report; here it only gets a place. The same parts are for a page that shows a run
// while it goes on.
import type { Headline, PageContent } from "@swaplab/report"
import { type ComponentChild, h } from "preact"
import { renderToStaticMarkup } from "preact-render-to-string"
import { SectionsView } from "./document-view.ts"
import { STYLE } from "./style.ts"

/** What a page shows. */
export interface Page extends PageContent {
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

const PageView = ({ command, headline, sections, subtitle, title }: Page): ComponentChild =>
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
      h(SectionsView, { sections }),
      h("footer", null, h("h2", null, "Made by"), h("pre", null, command))
    )
  )

/**
 * The page as the text of an HTML file. The same input gives the same bytes.
 *
 * **When to use.** To show a report in a browser: `runPage`, `capacityPage` and `sweepPage` of @swaplab/report make the
 * content.
 *
 * **Details.** One file without scripts that loads nothing; drawings are SVG inside of it. `command` stands at its end.
 *
 * **Gotchas.** It writes no file. Texts are escaped, but the SVG of a drawing is put in as it is: take it from
 * @swaplab/report only.
 */
export const pageHtml = (page: Page): string => `<!doctype html>\n${renderToStaticMarkup(h(PageView, page))}\n`
