import { expect, test } from 'vitest'
import { durationText, parseDurationNs, parseSizeBytes, sameField } from '../../../../src/media/api/values.js'

test.each([
  ['3600s', '1h0m0s'],
  ['24h', '1d'],
  ['36h', '1d12h0m0s'],
  ['90s', '1m30s'],
  ['1000us', '1ms'],
  ['1.5s', '1500ms'],
  ['0s', ''],
  ['0', ''],
])('the durations %s and %s are equal', (left, right) => {
  expect(parseDurationNs(left)).toBe(parseDurationNs(right))
})

test.each(['s', '1', '1x', '1s ', 'abc', '1s2'])('%j is no duration', (text) => {
  expect(parseDurationNs(text)).toBeUndefined()
})

test('sizes are equal whatever their spelling', () => {
  expect(parseSizeBytes('50MB')).toBe(parseSizeBytes('50M'))
  expect(parseSizeBytes('1m')).toBe(1_000_000)
  expect(parseSizeBytes('')).toBeUndefined()
})

test('a duration we write reads back as itself', () => {
  expect(parseDurationNs(durationText(10_000))).toBe(10e9)
})

test('fields are compared by meaning, and only where their name says so', () => {
  expect(sameField('runOnDemandCloseAfter', '10000ms', '10s')).toBe(true)
  expect(sameField('runOnDemandCloseAfter', '10000ms', '11s')).toBe(false)
  expect(sameField('recordDeleteAfter', '0s', '')).toBe(true)
  expect(sameField('source', '60s', '1m')).toBe(false)
  expect(sameField('recordMaxPartSize', '50MB', '50M')).toBe(true)
})

test('a field at zero may be left out or null, another may not', () => {
  for (const zero of ['', false, 0]) {
    expect(sameField('x', zero, undefined)).toBe(true)
    expect(sameField('x', zero, null)).toBe(true)
  }
  expect(sameField('x', true, undefined)).toBe(false)
  expect(sameField('x', 'a', null)).toBe(false)
})
