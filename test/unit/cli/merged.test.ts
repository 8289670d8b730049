import { expect, it } from 'vitest'
import { merged } from '../../../src/cli/merged.js'

it('runs once when asked, and once more for all that asked meanwhile', async () => {
  const ends: (() => void)[] = []
  const ask = merged(() => new Promise<void>((resolve) => ends.push(resolve)))
  ask()
  expect(ends).toHaveLength(1)
  for (let count = 0; count < 100; count++) ask()
  expect(ends).toHaveLength(1)
  ends[0]?.()
  await new Promise(setImmediate)
  expect(ends).toHaveLength(2)
  ends[1]?.()
  await new Promise(setImmediate)
  expect(ends).toHaveLength(2)
  ask()
  expect(ends).toHaveLength(3)
})

it('can be asked again after a failure', async () => {
  let runs = 0
  const ask = merged(async () => {
    runs += 1
    throw new Error('no')
  })
  ask()
  await new Promise(setImmediate)
  ask()
  expect(runs).toBe(2)
})
