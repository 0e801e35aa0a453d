// Contents page of @swaplab/view, in reading order.
export { type Page, pageHtml } from "./page.ts"
