import { lookup } from 'node:dns/promises'
import { hostname, networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { parseAddress, pinned } from '../../../src/external/address.js'
import { HostGuard, type HostGuardOptions } from '../../../src/external/host-guard.js'

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']
const OWN_PORT = 8554
const OWN = '192.168.7.7'

function guard(options: Partial<HostGuardOptions> = {}): HostGuard {
  return new HostGuard({
    networks: PRIVATE,
    isOwnPort: (port) => port === OWN_PORT,
    ownAddresses: () => [OWN, 'fd00::7'],
    ...options,
  })
}

/** What a name means: the resolver of this machine for numbers of every spelling, a table for names. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'camera.lan': ['192.168.1.20'],
  'two-faced.lan': ['192.168.1.20', '127.0.0.1'],
  'loopback.example': ['127.0.0.1'],
  'metadata.example': ['169.254.169.254'],
  'public.example': ['93.184.216.34', '2606:2800:220:1::1'],
  'six.lan': ['fd12::1'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'own.lan': [OWN],
}
const resolve = async (host: string): Promise<readonly string[]> =>
  NAMES[host] ?? (await lookup(host, { all: true })).map(({ address }) => address)

describe('S-45: the host of a stream', () => {
  it.each([
    ['192.168.1.20', 554],
    ['10.255.255.254', 1],
    ['172.31.0.1', 8554],
    ['camera.lan', 8554],
    ['six.lan', 554],
    ['fd00::8', 554],
    ['::ffff:192.168.1.20', 554],
    ['3232235796', 554],
  ])('%s may be fetched from', async (host, port) => {
    expect(await guard({ resolve }).check(host, port)).toEqual({ address: expect.any(String) })
  })

  const LOOPBACK = [
    ...[
      '127.0.0.1',
      '127.1',
      '127.0.1',
      '127.254.3.2',
      '0',
      '0.0.0.0',
      '0.1.2.3',
      '2130706433',
      '0x7f000001',
      '0x7f.1',
      '017700000001',
    ],
    ...['0177.0.0.1', '0x7f.0.0.1', '127.0.0.01', 'localhost', 'LOCALHOST', '::1', '::', '::ffff:127.0.0.1', '::ffff:7f00:1'],
    ...['::ffff:0:0', '0:0:0:0:0:0:0:1', '0000:0000:0000:0000:0000:0000:0000:0001', '::0.0.0.1', '::127.0.0.1'],
    ...['loopback.example', 'two-faced.lan', 'mapped.example', OWN, 'own.lan', 'fd00::7', `::ffff:${OWN}`],
  ]
  const NOBODYS = [
    ...[
      '169.254.169.254',
      '169.254.0.1',
      '0xa9fea9fe',
      '2852039166',
      '0251.0376.0251.0376',
      '::ffff:169.254.169.254',
      '::ffff:a9fe:a9fe',
    ],
    ...[
      'metadata.example',
      'fe80::1',
      'fd00:ec2::254',
      '224.0.0.1',
      '239.255.255.250',
      'ff02::1',
      'ff05::c',
      '255.255.255.255',
      '240.0.0.1',
    ],
    ...[
      '8.8.8.8',
      '134744072',
      '0x08080808',
      '010.010.010.010',
      'public.example',
      '2001:db8::1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
    ],
    ...['172.32.0.1', '172.15.255.255', '192.167.255.255', '11.0.0.1', '100.64.0.1', '198.18.0.1', '192.0.2.1'],
  ]

  it.each([...LOOPBACK, ...NOBODYS])('%s may not, on whatever port', async (host) => {
    for (const port of [22, 80, 554, 9997])
      expect(await guard({ resolve }).check(host, port)).toEqual({ refused: expect.any(String) })
  })

  it.each(LOOPBACK)('%s is this service itself where it listens', async (host) => {
    const verdict = await guard({ resolve, networks: ['0.0.0.0/0', '::/0'] }).check(host, OWN_PORT)
    expect(verdict).toEqual({ refused: host === '::127.0.0.1' ? 'forbidden' : 'own' })
  })

  it('is this machine when an administrator said so, and then its own listeners still are not', async () => {
    const open = guard({ resolve, networks: [...PRIVATE, '127.0.0.0/8'] })
    expect(await open.check('127.0.0.1', 9000)).toEqual({ address: '127.0.0.1' })
    expect(await open.check(OWN, 9000)).toEqual({ address: OWN })
    expect(await open.check('127.0.0.1', OWN_PORT)).toEqual({ refused: 'own' })
    expect(await open.check(OWN, OWN_PORT)).toEqual({ refused: 'own' })
  })

  it('is never the place of a cloud’s keys, nor everybody at once, whatever was configured', async () => {
    const open = guard({ networks: ['0.0.0.0/0', '::/0'] })
    for (const host of [
      '169.254.169.254',
      '::ffff:169.254.169.254',
      'fd00:ec2::254',
      '224.0.0.1',
      'ff02::1',
      '255.255.255.255',
    ]) {
      expect(await open.check(host, 554)).toEqual({ refused: 'forbidden' })
    }
  })

  it('knows each address that this machine has', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address))
    expect(addresses.length).toBeGreaterThan(0)
    const real = new HostGuard({
      networks: ['0.0.0.0/0', '::/0'],
      isOwnPort: () => true,
      resolve: async () => ['10.9.9.9', addresses[0] ?? ''],
    })
    for (const address of addresses) expect(await real.check(address, 1)).toEqual({ refused: 'own' })
    expect(await real.check(hostname(), 1)).toEqual({ refused: 'own' })
  })

  it('that nobody knows is told as that', async () => {
    expect(await guard({ resolve: () => Promise.reject(new Error('ENOTFOUND')) }).check('nowhere.lan', 554)).toEqual({
      refused: 'unknown',
    })
    expect(await guard({ resolve: async () => [] }).check('nowhere.lan', 554)).toEqual({ refused: 'unknown' })
  })

  it('R-18: is not fetched from while the system does not tell which addresses are its own', async () => {
    const ownAddresses = () => {
      throw new Error('uv_interface_addresses returned EMFILE')
    }
    expect(await guard({ ownAddresses }).check('192.168.1.20', 554)).toEqual({ refused: 'unknown' })
  })
})

describe('the address that is fetched', () => {
  it.each([
    ['rtsp://camera.lan/live', '10.0.0.9', 'rtsp://10.0.0.9:554/live'],
    ['rtsps://camera.lan', '10.0.0.9', 'rtsps://10.0.0.9:322'],
    ['RTSP://u:p@camera.lan:8554/a@b/c?d=e@f', '10.0.0.9', 'RTSP://u:p@10.0.0.9:8554/a@b/c?d=e@f'],
    ['rtsp://u:p@ss@camera.lan/live', 'fd00::9', 'rtsp://u:p@ss@[fd00::9]:554/live'],
    ['rtsp://[fd00::1]:8554/live#x', 'fd00::9', 'rtsp://[fd00::9]:8554/live#x'],
  ])('of %s is that of the machine', (url, machine, fetched) => {
    expect(pinned(url, machine)).toBe(fetched)
    expect(parseAddress(fetched, 'url').host).toBe(machine)
  })
})
