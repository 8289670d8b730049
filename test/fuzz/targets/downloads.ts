/** Which file and which part of it a download names. */

import assert from 'node:assert/strict'
import { spanOf } from '../../../src/http/files/range.js'
import { canonicalPath, fileTarget } from '../../../src/http/files/target.js'
import type { FuzzTarget } from '../engine/target.js'

export const target: FuzzTarget = {
  parsers: ['src/http/files/range.ts', 'src/http/files/target.ts'],
  seeds: [
    '/files/recordings/camera0_2030-04-01.mp4\nbytes=0-5',
    '/files/snapshots/..%2f..%2fetc%2fpasswd\nbytes=-5',
    '/files/snapshots/a%C3%A4.jpg\nbytes = 5-',
    '/files/__proto__/x\nbytes=0-0,2-3',
    '/files/snapshots/%ff.jpg\nbytes=5-2',
  ],
  words: [
    '%2e',
    '%2f',
    '%5c',
    '%00',
    '%25',
    '..',
    '/',
    '\\',
    '/files/',
    'recordings',
    'bytes=',
    '-',
    ',',
    ' ',
    '\n',
    '999999999999999',
    '\u0130',
  ],
  run(input) {
    const [path = '', header = ''] = input.toString().split('\n')
    const found = fileTarget(path)
    if (typeof found === 'object') {
      assert.doesNotMatch(found.name, /[/\\\0]|\.\./)
      assert.deepEqual(fileTarget(canonicalPath(found)), found)
    }
    for (const size of [0, 1, 100]) {
      const span = spanOf(header, size)
      if (typeof span !== 'object') continue
      assert.ok(0 <= span.from && span.from < span.to && span.to <= size, `${span.from}-${span.to} of ${size}`)
    }
  },
}
