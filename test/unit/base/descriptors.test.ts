import { closeSync, openSync } from 'node:fs'
import { expect, it } from 'vitest'
import { descriptorLimit, listedDescriptors, openDescriptors } from '../../../src/base/descriptors.js'

it.each([
  ['as the system tells', openDescriptors],
  ['as listed', listedDescriptors],
])('open descriptors are counted, %s', async (_, count) => {
  const before = await count()
  const opened = Array.from({ length: 300 }, () => openSync('/dev/null', 'r'))
  const during = await count()
  for (const fd of opened) closeSync(fd)
  expect([during - before, (await count()) - before]).toEqual([300, 0])
  // The two agree on what is open, whatever counts.
  expect(await listedDescriptors()).toBe(await openDescriptors())
})

it('their limit is the one of the process', async () => {
  expect(await descriptorLimit()).toBeGreaterThan(100)
})
