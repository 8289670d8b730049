import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fileHeaders } from '../../../src/http/files/headers.js'

const STATE = { sizeBytes: 1, modifiedMs: 0, inode: 1 }

it('S-42 header injection: whatever a file is called, the header holds its name and nothing else', () => {
  const nasty = fc.constantFrom(
    '\r',
    '\n',
    '"',
    '\\',
    ';',
    '\u0000',
    '\u001b[31m',
    '\u0085',
    '\u2028',
    '\u202e',
    '%0d%0a',
    'ä',
    '😀',
    "'",
    '*',
  )
  const names = fc.array(fc.oneof(nasty, fc.string({ unit: 'grapheme', maxLength: 4 })), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(names, (parts) => {
      const name = `${parts.join('')}.jpg`
      for (const [header, value] of Object.entries(fileHeaders(name, STATE))) expect(value, header).toMatch(/^[\x20-\x7e]*$/)
      const [, plain, exact] =
        /^attachment; filename="([^"\\]*)"(?:; filename\*=UTF-8''([!#$&+.^_`|~0-9A-Za-z%-]*))?$/.exec(
          fileHeaders(name, STATE)['Content-Disposition'] ?? '',
        ) ?? []
      expect(exact === undefined ? plain : decodeURIComponent(exact)).toBe(name)
    }),
    { numRuns: 5_000 },
  )
})
