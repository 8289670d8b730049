/** What JSON.parse lets pass and a token may not have: a member named twice in one object, and deep nesting. */

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g

/**
 * Whether `text`, known to be JSON, has no duplicate members and at most `maxDepth` levels. Two readers may
 * disagree on which of two equal members counts, so such a token is refused.
 */
export function isStrictJson(text: string, maxDepth: number): boolean {
  /** One entry per open bracket: the names seen in an object, nothing for an array. */
  const open: (Set<string> | undefined)[] = []
  let lastString: string | undefined
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      if (open.push(token === '{' ? new Set() : undefined) > maxDepth) return false
    } else if (token === '}' || token === ']') {
      open.pop()
    } else if (token === ':' && lastString !== undefined) {
      const names = open.at(-1)
      const name: unknown = JSON.parse(lastString)
      if (names?.has(String(name))) return false
      names?.add(String(name))
    }
    lastString = token.startsWith('"') ? token : undefined
  }
  return true
}
