import { isIPv4, isIPv6 } from 'node:net'
import { isIpv4, isNetwork, MIN_PREFIX } from '../../base/ipv4.js'
import { choice, duration, flag, integer, integers, list, section, text } from '../keys.js'
import { textKind } from '../kinds.js'

const SECOND = 1000
const HOUR = 3600 * SECOND

const address = textKind('an IPv4 address such as 192.168.42.10', { test: isIpv4 })
const network = textKind(`an IPv4 network such as 192.168.42.0/24, at least /${MIN_PREFIX}`, { test: isNetwork })
const anyNetwork = textKind('a network such as 192.168.0.0/16 or fd00::/8', { test: isAnyNetwork })
const PATH_RULE = 'a path that begins with /, without spaces'
const PATH = /^\/[\x21-\x7e]{0,255}$/

export const external_discovery = section('Streams of other machines on the network.', {
  enabled: flag({ default: false, reload: 'restart', doc: 'Look for external streams, and let operators add them.' }),
  scan_interval: duration({
    default: 30 * SECOND,
    min: 0,
    max: 24 * HOUR,
    reload: 'restart',
    doc: 'Time between two scans; 0: only on request.',
  }),
  scan_timeout: duration({ default: 30 * SECOND, min: SECOND, max: HOUR, reload: 'restart', doc: 'Longest time of one scan.' }),
  max_concurrent_scans: integer({ default: 5, min: 1, max: 256, reload: 'restart', doc: 'Addresses tried at the same time.' }),
  enable_startup_scan: flag({ default: false, reload: 'restart', doc: 'Scan once at the start.' }),
  allowed_networks: list({
    item: anyNetwork,
    default: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
    reload: 'restart',
    doc: 'Networks whose streams may be added, beside those that are scanned. This machine itself counts as 127.0.0.1.',
  }),
  transport: choice({
    words: ['tcp', 'udp', 'multicast', 'automatic'],
    default: 'tcp',
    reload: 'restart',
    doc: 'How added streams are fetched. What a network loses of UDP is missing in pictures and recordings; automatic takes UDP where the other machine has it.',
  }),
  skydio: section('Drones of Skydio.', {
    enabled: flag({ default: true, reload: 'restart', doc: 'Look for them.' }),
    network_ranges: list({ item: network, default: ['192.168.42.0/24'], reload: 'restart', doc: 'Networks to scan.' }),
    known_ips: list({ item: address, default: ['192.168.42.10'], reload: 'restart', doc: 'Addresses tried first.' }),
    eo_port: port(5554, 'Port of the electro-optical camera.'),
    ir_port: port(6554, 'Port of the infrared camera.'),
    eo_stream_path: path('/subject', 'Path of the electro-optical camera.'),
    ir_stream_path: path('/infrared', 'Path of the infrared camera.'),
    enable_both_streams: flag({ default: true, reload: 'restart', doc: 'Look for the infrared camera, too.' }),
  }),
  generic_uav: section('Other machines that stream by RTSP.', {
    enabled: flag({ default: false, reload: 'restart', doc: 'Look for them.' }),
    network_ranges: list({ item: network, default: [], reload: 'restart', doc: 'Networks to scan.' }),
    known_ips: list({ item: address, default: [], reload: 'restart', doc: 'Addresses tried first.' }),
    common_ports: integers({ default: [554, 8554], min: 1, max: 65_535, reload: 'restart', doc: 'Ports to try.' }),
    stream_paths: list({
      item: textKind(PATH_RULE, PATH),
      default: ['/stream', '/live', '/video'],
      reload: 'restart',
      doc: 'Paths that are listed for each port that opens.',
    }),
  }),
})

function port(number: number, doc: string) {
  return integer({ default: number, min: 1, max: 65_535, reload: 'restart', doc })
}

function path(value: string, doc: string) {
  return text({ default: value, rule: PATH_RULE, pattern: PATH, reload: 'restart', doc })
}

/** IPv4 or IPv6, of any size. */
function isAnyNetwork(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/')
  const bits = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : -1
  return rest.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits
}
