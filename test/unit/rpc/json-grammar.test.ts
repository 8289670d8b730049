import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isJson } from '../../../src/rpc/json-grammar.js'

/** What the parser of the language says. */
function parses(bytes: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(bytes).toString())
    return true
  } catch {
    return false
  }
}

const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\u12aF',
    '\\u12g4',
    '\\n',
    '\\x',
    ' ',
    '\t',
    '\r\n',
    '\v',
    '\u00a0',
    '\ufeff',
    '\u2028',
  ],
  ...['0', '-', '-0', '01', '1.', '.5', '1.5', '1e5', '1E+05', '1e', '1e-', '+1', '0x1', 'NaN', 'Infinity'],
  ...['true', 'false', 'null', 'nul', 'True', 'truefalse', '"a"', '"é😀"', '"\u0000"', '"\u001f"', '"\u007f"', '/', '//', "'a'"],
]

it.each(PIECES)('is of one mind with the parser about %j, alone and inside', (piece) => {
  for (const text of [
    piece,
    ` ${piece} `,
    `[${piece}]`,
    `{"a":${piece}}`,
    `{${piece}:1}`,
    `[1,${piece}`,
    `${piece},1]`,
    `"${piece}"`,
  ]) {
    const bytes = Buffer.from(text)
    expect({ text, isJson: isJson(bytes) }).toEqual({ text, isJson: parses(bytes) })
  }
})

it('is of one mind with the parser about whatever may come', () => {
  const made = fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => Buffer.from(pieces.join('')))
  const right = fc.json().map((text) => Buffer.from(text))
  const spoilt = fc.tuple(right, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([bytes, at, byte]) => {
    const copy = Buffer.from(bytes)
    copy[at % copy.length] = byte
    return copy
  })
  const cut = fc.tuple(right, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1)))
  fc.assert(
    fc.property(fc.oneof(right, spoilt, cut, made, fc.uint8Array({ maxLength: 12 })), (bytes) => {
      expect(isJson(bytes)).toBe(parses(bytes))
    }),
    { numRuns: 5_000 },
  )
})
