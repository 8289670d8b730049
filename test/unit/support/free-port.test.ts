import { expect, it } from 'vitest'
import { freePort } from '../../support/free-port.mjs'

it('free ports that are asked for at once are different ones', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort))
  expect(new Set(ports).size).toBe(20)
})
