import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hookLine } from '../../../../src/media/paths/hook-line.js'

test('words are quoted where a shell would split them', () => {
  expect(hookLine(['/usr/lib/camera-notifier', '/var/lib/my cameras/run/s'])).toBe(
    "/usr/lib/camera-notifier '/var/lib/my cameras/run/s'",
  )
})

test.each(['$HOME', '`id`', "it's", 'a"b', 'a\\b', 'ä', 'a\nb', 'a\0b', ''])(
  '%j cannot be said safely and is refused',
  (word) => {
    expect(hookLine(['/bin/hook', word])).toBeUndefined()
  },
)

test('S-43 command injection through hooks: whatever the words, the server starts exactly them or we refuse', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary-ascii' }), { minLength: 1, maxLength: 4 }), (words) => {
      const line = hookLine(words)
      if (line !== undefined) expect(splitLikeMediamtx(line)).toEqual(words)
    }),
    { numRuns: 100_000 },
  )
})

/** Split first, expand after; every dollar is replaced by something hostile. */
function splitLikeMediamtx(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (const char of line) {
    if (quote !== '') {
      if (char === quote) quote = ''
      else word = (word ?? '') + char
    } else if (char === "'" || char === '"') {
      quote = char
      word ??= ''
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + char
  }
  if (word !== undefined) words.push(word)
  return words.map((each) => each.replace(/\$\w*/g, '; rm -rf'))
}
