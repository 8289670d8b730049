import { expect, it } from 'vitest'
import { checkBaseName, checkFileName, recordingStems } from '../../../src/recordings/names.js'

it.each(['a', 'camera0_2030-04-01_08-15-00', 'ünï', 'a b', '100% sure.mp4', '.hidden', 'x'.repeat(255)])(
  '%j names a file',
  (name) => {
    expect(checkFileName(name)).toBe(name)
  },
)

it.each(['', '..', 'a..b', 'a/b', 'a\\b', 'a\0', 'a\u007f', '<', '>', ':', '"', '|', '?', '*', 'x'.repeat(256), 'ä'.repeat(128)])(
  '%j names none',
  (name) => {
    expect(() => checkFileName(name)).toThrow(expect.objectContaining({ code: 'INVALID_PARAMS' }))
  },
)

it.each([
  ['desk', 'desk'],
  ['desk.mp4', 'desk'],
  ['desk.FMP4', 'desk'],
  ['desk.mkv', 'desk'],
  ['v1.2', 'v1.2'],
])('a recording wanted as %j goes by %j', (wanted, base) => {
  expect(checkBaseName(wanted)).toBe(base)
})

it.each(['.mp4', '.x', '%path', 'a%f', 'x'.repeat(241)])('%j is no name for a recording', (wanted) => {
  const rule = expect.stringMatching(/no "%", no leading dot, at most 240 bytes/)
  const data = { param: 'filename', rule, hint: 'send another name, or none' }
  expect(() => checkBaseName(wanted)).toThrow(expect.objectContaining({ code: 'INVALID_PARAMS', data }))
})

it('looks for what was sent first, then for it without an extension', () => {
  expect(recordingStems('a')).toEqual(['a'])
  expect(recordingStems('a.fmp4')).toEqual(['a.fmp4', 'a'])
  expect(recordingStems('.mp4')).toEqual(['.mp4'])
})
