import { hostname, networkInterfaces } from 'node:os'
import { expect, it } from 'vitest'
import { isOwnHost } from '../../../src/external/own-host.js'

it.each(['localhost', '127.0.0.1', '127.1', '0', '0.0.0.0', '2130706433', '0x7f000001', '0177.0.0.1', '127.254.3.2'])(
  'knows this machine by %s',
  async (host) => {
    expect(await isOwnHost(host)).toBe(true)
  },
)

it.each(['::1', '::', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:0:0'])('knows this machine by %s of IPv6', async (host) => {
  expect(await isOwnHost(host)).toBe(true)
})

it('knows each address it has, also inside IPv6, and the names that mean them', async () => {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  expect(addresses.length).toBeGreaterThan(0)
  for (const { address, family } of addresses) {
    expect(await isOwnHost(address)).toBe(true)
    if (family === 'IPv4') expect(await isOwnHost(`::ffff:${address}`)).toBe(true)
    expect(await isOwnHost(hostname(), async () => ['192.0.2.1', address])).toBe(true)
  }
})

it('takes others for others, and a name that nobody knows', async () => {
  expect(await isOwnHost('192.0.2.1')).toBe(false)
  expect(await isOwnHost('2001:db8::1')).toBe(false)
  expect(await isOwnHost('camera.example', async () => ['192.0.2.1', '2001:db8::1'])).toBe(false)
  expect(await isOwnHost('camera.example', () => Promise.reject(new Error('ENOTFOUND')))).toBe(false)
})
