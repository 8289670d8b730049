/** Addresses of streams: no secret is shown, the address that is fetched is the one that was checked. */

import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import { ServiceError } from '../../../src/base/errors.js'
import { parseAddress, pinned, placeOf, withoutLogin } from '../../../src/external/address.js'
import { HostGuard } from '../../../src/external/host-guard.js'
import type { FuzzTarget } from '../engine/target.js'

const ALLOWED = /^192\.168\.\d+\.\d+$/
const guard = new HostGuard({
  networks: ['192.168.0.0/16'],
  isOwnPort: (port) => port === 8002,
  ownAddresses: () => ['192.168.7.7'],
  // A name server that says whatever the name says.
  resolve: async (host) => host.split(/[-_]/).filter((part) => isIPv4(part)),
})

export const target: FuzzTarget = {
  parsers: ['src/external/address.ts', 'src/external/host-guard.ts', 'src/base/shown-address.ts'],
  seeds: [
    'rtsp://user:pass@192.168.1.20:554/live?token=x',
    'rtsps://[2001:db8::1]/a',
    'rtsp://[::ffff:192.168.1.1]:8554/user=admin_password=secret_channel=1',
    'rtsp://192.168.1.1-127.0.0.1:8002/a;pwd=b&key=c#d',
    'rtsp://0x7f.1/%00/..//a?auth=%41;b',
    'http://192.168.1.1/',
    'rtsp://192.168.1.1:0/',
    'rtsp://user@192.168.1.1/',
    'rtsp://nobody/',
  ],
  words: [
    ...[
      'rtsp://',
      'rtsps://',
      'http://',
      'file://',
      '@',
      ':',
      '//',
      '[::1]',
      '[::ffff:7f00:1]',
      '127.0.0.1',
      'localhost',
      '0',
      '017700000001',
    ],
    ...[
      '192.168.7.7',
      '169.254.169.254',
      '%40',
      '%2f',
      '%0a',
      '?password=',
      '&pwd=',
      ';',
      '#',
      '\\',
      ' ',
      '$RTSP_PATH',
      '\u3002',
      '.',
    ],
  ],
  async run(input) {
    const text = input.toString('latin1')
    let address: ReturnType<typeof parseAddress>
    try {
      address = parseAddress(text, 'url')
    } catch (thrown) {
      if (!(thrown instanceof ServiceError)) throw thrown
      assert.equal(thrown.code, 'INVALID_PARAMS')
      return
    }
    assert.match(address.shown, /^rtsps?:\/\/[\x21-\x7e]+$/)
    const { username, password } = new URL(text)
    const [shown = '', key = ''] = [address.shown, address.key].map((each) => each.split(/[/?]/)[2])
    assert.equal(shown.includes('@') ? shown.slice(0, shown.lastIndexOf('@')) : '', username === '' ? '' : `${username}:***`)
    assert.ok(!key.includes('@'), key)
    const fetched = new URL(pinned(text, '192.168.1.2'))
    assert.deepEqual([fetched.hostname, fetched.username, fetched.password], ['192.168.1.2', username, password])
    assert.equal(new URL(withoutLogin(text)).username, '')
    assert.deepEqual(placeOf(text), { host: address.host, port: address.port })
    assert.deepEqual(placeOf(pinned(text, '2001:db8::7')), { host: '2001:db8::7', port: address.port })

    const verdict = await guard.check(address.host, address.port)
    if (!('address' in verdict)) return
    const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/i.exec(verdict.address)
    if (mapped === null && isIPv6(verdict.address)) assert.match(verdict.address, /^::ffff:192\.168\./i)
    if (isIPv4(verdict.address)) assert.match(verdict.address, ALLOWED)
    assert.ok(!(verdict.address === '192.168.7.7' && address.port === 8002), 'our own port')
  },
}
