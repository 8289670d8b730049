import { expect, it } from 'vitest'
import { Holds } from '../../../src/recordings/holds.js'

const place = { kind: 'recording', dir: '', name: 'a.mp4' } as const

it('holds a file as long as anybody needs it, and names who writes before who reads', () => {
  const holds = new Holds()
  expect(holds.reason(place)).toBeUndefined()
  const read = holds.hold(place, 'DOWNLOADING')
  const write = holds.hold(place, 'RECORDING')
  expect(holds.reason(place)).toBe('RECORDING')
  write()
  write()
  expect(holds.reason(place)).toBe('DOWNLOADING')
  expect(holds.reason({ ...place, dir: 'camera0' })).toBeUndefined()
  expect(holds.reason({ ...place, kind: 'snapshot' })).toBeUndefined()
  read()
  expect(holds.reason(place)).toBeUndefined()
})
