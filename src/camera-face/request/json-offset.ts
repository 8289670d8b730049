/** Where a text stops being JSON. The messages of JSON.parse differ between versions of the engine and do not always say. Pure. */

const SPACE = /[ \t\n\r]*/y
const SCALAR =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a text may not hold.
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

type Expected = 'value' | 'value-or-end' | 'name' | 'name-or-end' | 'colon' | 'comma-or-end' | 'nothing'

/** Index of the first character that cannot stand where it stands; the length of the text when more was to come. */
export function jsonFaultOffset(text: string): number {
  const open: ('[' | '{')[] = []
  let expected: Expected = 'value'
  let at = 0
  const after = (): Expected => (open.length === 0 ? 'nothing' : 'comma-or-end')

  for (;;) {
    at = end(SPACE, text, at) ?? at
    const char = text[at]
    if (char === undefined || expected === 'nothing') return at
    const top = open.at(-1)
    if (expected === 'colon') {
      if (char !== ':') return at
      expected = 'value'
      at += 1
    } else if (closes(char, top, expected)) {
      open.pop()
      expected = after()
      at += 1
    } else if (expected === 'comma-or-end') {
      if (char !== ',') return at
      expected = top === '{' ? 'name' : 'value'
      at += 1
    } else if (expected === 'name' || expected === 'name-or-end') {
      const next = char === '"' ? end(SCALAR, text, at) : undefined
      if (next === undefined) return at
      expected = 'colon'
      at = next
    } else if (char === '[' || char === '{') {
      open.push(char)
      expected = char === '[' ? 'value-or-end' : 'name-or-end'
      at += 1
    } else {
      const next = end(SCALAR, text, at)
      if (next === undefined) return at
      expected = after()
      at = next
    }
  }
}

function closes(char: string, top: '[' | '{' | undefined, expected: Expected): boolean {
  if (char === ']') return top === '[' && (expected === 'comma-or-end' || expected === 'value-or-end')
  return char === '}' && top === '{' && (expected === 'comma-or-end' || expected === 'name-or-end')
}

function end(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}
