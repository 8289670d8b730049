/** Small helpers around the document. */

/** The element of `index.html` with this id. Throws when the page and the script do not fit together. */
export function byId<Kind extends Element>(id: string, kind: abstract new () => Kind): Kind {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`)
  return found
}

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** An element; attributes that are false or undefined are left out, true ones are there without a value. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children)
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

/** A symbol of the page's sprite, without a meaning of its own. */
export function icon(name: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  const use = document.createElementNS(SVG, 'use')
  use.setAttribute('href', `#i-${name}`)
  svg.append(use)
  return svg
}

/** Only when it is another text: a live region says what is written to it. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}
