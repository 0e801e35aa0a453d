// SVG as text: elements with escaped attributes and texts. Nothing here knows what is drawn.

/** A coordinate, to a tenth. */
export const round = (n: number): number => Math.round(n * 10) / 10

/** Attributes of an element, by name. */
export type Attributes = Readonly<Record<string, string | number>>

/** Text for the inside of an element or of an attribute. */
export const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\"", "&quot;")

const attributeText = (attributes: Attributes): string =>
  Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`).join("")

/** An element; its children are elements already. */
export const element = (name: string, attributes: Attributes, ...children: ReadonlyArray<string>): string =>
  children.length === 0
    ? `<${name}${attributeText(attributes)}/>`
    : `<${name}${attributeText(attributes)}>${children.join("")}</${name}>`

/** A line of text. */
export const svgText = (x: number, y: number, content: string, attributes: Attributes = {}): string =>
  element("text", { x, y, ...attributes }, escapeXml(content))

const NARROW = /[ !'(),./:;[\]fijlrt|]/
const WIDE = /[ABCDEFGHKLMNOPQRSTUVWXYZmw%@_=<>\u2190-\uffff]/

/** Width of a text in a sans-serif face of a size, as good as it is known without the face: rather more than less. */
export const textWidth = (text: string, size: number): number => {
  let ems = 0
  for (const character of text) ems += NARROW.test(character) ? 0.39 : WIDE.test(character) ? 0.74 : 0.62
  return Math.max(ems, text.length * 0.57) * size
}

/** A drawing of a size with a title, on white. Fonts are those that the viewer has. */
export const drawing = (width: number, height: number, title: string, ...children: ReadonlyArray<string>): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${
    element(
      "svg",
      {
        xmlns: "http://www.w3.org/2000/svg",
        width,
        height,
        viewBox: `0 0 ${width} ${height}`,
        role: "img",
        "font-family": "Helvetica, Arial, sans-serif",
        "font-size": 13,
        fill: "#1a1a1a"
      },
      element("title", {}, escapeXml(title)),
      element("rect", { width, height, fill: "#ffffff" }),
      ...children
    )
  }\n`
