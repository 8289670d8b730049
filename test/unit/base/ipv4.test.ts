import { describe, expect, it } from 'vitest'
import { hostsOf, isIpv4, isNetwork } from '../../../src/base/ipv4.js'

describe('IPv4 networks', () => {
  it('leave out their name and the address for all', () => {
    const hosts = [...hostsOf('192.168.42.77/24')]
    expect(hosts).toHaveLength(254)
    expect([hosts[0], hosts.at(-1)]).toEqual(['192.168.42.1', '192.168.42.254'])
  })

  it('of two addresses or one have no such', () => {
    expect([...hostsOf('10.0.0.6/31')]).toEqual(['10.0.0.6', '10.0.0.7'])
    expect([...hostsOf('255.255.255.255/32')]).toEqual(['255.255.255.255'])
  })

  it('S-45: are bounded', () => {
    expect([...hostsOf('10.1.16.0/24')]).toHaveLength(254)
    for (const text of [
      '10.0.0.0/23',
      '10.0.0.0/0',
      '10.0.0.0/33',
      '10.0.0/24',
      '256.0.0.0/24',
      '10.0.0.0/24/3',
      '10.0.0.0/',
      '10.0.0.0',
      'fe80::/64',
      '',
    ]) {
      expect([text, isNetwork(text), [...hostsOf(text)]]).toEqual([text, false, []])
    }
  })

  it('know an address when they see one', () => {
    expect(['10.0.0.1', '255.255.255.255'].every(isIpv4)).toBe(true)
    expect(['10.0.0', '10.0.0.256', '10.0.0.1 ', 'host', '1.2.3.4.5'].some(isIpv4)).toBe(false)
  })
})
