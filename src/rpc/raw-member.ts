/** Finds the text of one member in JSON known to be valid: what JSON.parse has made of it may have lost digits. */

const OPENING = /[{[]/
const CLOSING = /[}\]]/
const NAME_END = /\s*:\s*/y

/** Text of the last top-level member called `name`, as JSON.parse too lets the last one win; undefined when there is none. */
export function memberText(text: string, name: string): string | undefined {
  let found: string | undefined
  let at = text.indexOf('{') + 1
  for (;;) {
    const nameStart = text.indexOf('"', at)
    if (nameStart < 0) return found
    const nameEnd = stringEnd(text, nameStart)
    NAME_END.lastIndex = nameEnd
    NAME_END.test(text)
    const valueStart = NAME_END.lastIndex
    const valueEnd = memberEnd(text, valueStart)
    if (JSON.parse(text.slice(nameStart, nameEnd)) === name) found = text.slice(valueStart, valueEnd).trimEnd()
    if (text[valueEnd] !== ',') return found
    at = valueEnd + 1
  }
}

/** Index of the comma or brace that ends the value at `from`. */
function memberEnd(text: string, from: number): number {
  let depth = 0
  let at = from
  for (;;) {
    const char = text.charAt(at)
    if (char === '"') {
      at = stringEnd(text, at)
      continue
    }
    if (depth === 0 && (char === ',' || char === '}')) return at
    if (OPENING.test(char)) depth += 1
    else if (CLOSING.test(char)) depth -= 1
    at += 1
  }
}

/** Index after the string that starts at `from`. */
function stringEnd(text: string, from: number): number {
  let at = from + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}
