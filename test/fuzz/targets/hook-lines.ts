/** Lines that MediaMTX runs: split the way it splits them, they are the words that were meant. */

import assert from 'node:assert/strict'
import { hookLine } from '../../../src/media/paths/hook-line.js'
import type { FuzzTarget } from '../engine/target.js'

export const target: FuzzTarget = {
  parsers: ['src/media/paths/hook-line.ts'],
  seeds: [
    '/usr/lib/camera-notifier\n/run/camera service/notify.sock\ncreated',
    "a\nb'c\n$MTX_PATH",
    'a b\n\n"c"',
    '-c\n#\n~\n*\n;&|<>()',
  ],
  words: ['\n', ' ', "'", '"', '\\', '$', '`', '$MTX_PATH', '{x}', '$(', ';', '#', '\t', '\0', "''", '=', '~', '!'],
  run(input) {
    const words = input.toString().split('\n')
    const line = hookLine(words)
    if (line === undefined) return
    assert.doesNotMatch(line, /[$`\\"\n\0]/)
    assert.deepEqual(split(line), words)
  },
}

/** As a shell: words at blanks, what is between single quotes as it stands. */
function split(line: string): readonly string[] {
  const words: string[] = []
  let word: string | undefined
  let quoted = false
  for (const char of line) {
    if (char === "'") {
      quoted = !quoted
      word ??= ''
    } else if (char === ' ' && !quoted) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      assert.ok(quoted || /[\w@%+=:,./-]/.test(char), `a shell may give ${char} a meaning`)
      word = (word ?? '') + char
    }
  }
  assert.equal(quoted, false)
  if (word !== undefined) words.push(word)
  return words
}
