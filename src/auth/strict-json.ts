/** What JSON.parse lets pass and a token may not have: a member named twice in one object, and deep nesting. */

const QUOTE = 0x22
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const SPACE = 0x20

/**
 * Whether `text`, known to be JSON, has no duplicate members and at most `maxDepth` levels. Two readers may
 * disagree on which of two equal members counts, so such a token is refused.
 */
export function isStrictJson(text: string, maxDepth: number): boolean {
  /** One entry per open bracket: the names seen in an object, nothing for an array. */
  const open: (string[] | undefined)[] = []
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = stringEnd(text, at)
      const next = skipSpace(text, end)
      if (text.charCodeAt(next) === COLON) {
        const names = open.at(-1)
        const name = stringIn(text, at, end)
        if (names?.includes(name)) return false
        names?.push(name)
      }
      at = next
      continue
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (open.push(code === OPEN_BRACE ? [] : undefined) > maxDepth) return false
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      open.pop()
    }
    at += 1
  }
  return true
}

/** Index after the string whose opening quote is at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at + 1
}

/** What it says: two spellings of one name are the same name. */
function stringIn(text: string, start: number, end: number): string {
  const raw = text.slice(start, end)
  return raw.includes('\\') ? String(JSON.parse(raw)) : raw.slice(1, -1)
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (text.charCodeAt(at) <= SPACE) at += 1
  return at
}
