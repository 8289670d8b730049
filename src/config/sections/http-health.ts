import { isIP } from 'node:net'
import { choice, duration, flag, integer, list, section, text } from '../keys.js'
import { textKind } from '../kinds.js'

const SECOND = 1000
const PREFIX = /^\d{1,3}$/

const peer = textKind('an address or a network such as 10.0.0.0/8', { test: isAddressOrNetwork })

export const http_health = section('The health face: probes, and file downloads.', {
  enabled: flag({ default: true, reload: 'restart', doc: 'Whether the health face listens.' }),
  host: text({ default: '0.0.0.0', reload: 'restart', doc: 'Address to listen on.' }),
  port: integer({ default: 8003, min: 0, max: 65_535, reload: 'restart', doc: 'TCP port to listen on; 0: any free one.' }),
  basic_endpoint: path('/health', 'Path of the state in short; its components are below it.'),
  detailed_endpoint: path('/health/detailed', 'Path of the state with all components.'),
  ready_endpoint: path('/health/ready', 'Path that answers 503 while the service cannot serve.'),
  live_endpoint: path('/health/live', 'Path that answers 200 while the process works.'),
  response_format: choice({
    words: ['json', 'text'],
    default: 'json',
    reload: 'restart',
    doc: 'json: documents; text: one word, such as healthy.',
  }),
  include_version: flag({ default: true, reload: 'restart', doc: 'Say the version.' }),
  include_uptime: flag({ default: true, reload: 'restart', doc: 'Say how long the service runs.' }),
  include_components: flag({ default: true, reload: 'restart', doc: 'Say how each component is.' }),
  enable_metrics: flag({ default: false, reload: 'restart', doc: 'Say figures on the detailed page.' }),
  max_response_time: duration({
    default: 100,
    min: 10,
    max: 60 * SECOND,
    reload: 'restart',
    doc: 'When the health is not found out until then, the page says so with 500.',
  }),
  internal_only: flag({
    default: true,
    reload: 'restart',
    doc: 'true: others than this machine, allowed_ips and tokens get 403. false: they get the word and nothing else.',
  }),
  allowed_ips: list({
    item: peer,
    default: [],
    reload: 'restart',
    doc: 'Addresses and networks that see the health pages and /metrics in full without credentials.',
  }),
})

function path(value: string, doc: string) {
  return text({
    default: value,
    rule: 'a path that starts with / and holds no ?, #, *, : or space',
    pattern: /^\/[^?#*:\s]*$/,
    reload: 'restart',
    doc,
  })
}

function isAddressOrNetwork(value: string): boolean {
  const [address = '', prefix, ...rest] = value.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return prefix === undefined || (PREFIX.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32))
}
