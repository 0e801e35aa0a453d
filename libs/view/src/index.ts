// Contents page of @swaplab/view, in reading order.
export { type Headline, type Page, pageHtml } from "./page.ts"
