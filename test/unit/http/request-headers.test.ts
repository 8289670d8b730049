import { expect, it } from 'vitest'
import { RequestHeaders } from '../../../src/http/request-headers.js'

const headers = new RequestHeaders(['host', 'cam', 'x-more', 'a', 'accept', 'host', 'x-more', 'b'])

it('gives what came more than once with commas, and what did not come as nothing', () => {
  expect([headers.get('host'), headers.get('x-more'), headers.get('cam'), headers.get('')]).toEqual(['cam', 'a,b', '', ''])
})

it('counts names, and values are none', () => {
  expect([headers.count('host'), headers.count('x-more'), headers.count('cam')]).toEqual([1, 2, 0])
  expect(headers.names).toEqual(['host', 'x-more', 'accept', 'x-more'])
})

it('an empty value is one that came', () => {
  const empty = new RequestHeaders(['origin', ''])
  expect([empty.get('origin'), empty.count('origin')]).toEqual(['', 1])
})
