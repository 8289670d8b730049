import { expect, it } from 'vitest'
import { nearest } from '../../../src/base/nearest.js'

const KNOWN = ['server.port', 'server.host', 'mediamtx.mode', '--config']

it.each([
  ['server.prot', 'server.port'],
  ['srver.host', 'server.host'],
  ['mediamtx.mod', 'mediamtx.mode'],
  ['--confg', '--config'],
  ['server.port', 'server.port'],
])('%s means %s', (word, meant) => {
  expect(nearest(word, KNOWN)).toBe(meant)
})

it.each(['', 'x', 'zzzzzzzzzzz', 'something.else.entirely'])('%j means none of them', (word) => {
  expect(nearest(word, KNOWN)).toBeUndefined()
})
