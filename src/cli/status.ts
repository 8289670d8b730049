import { CONFIG_OPTION, type Command, textOf } from './command.js'
import { EXIT, UsageError } from './exit.js'
import type { ServiceState } from './health-client.js'
import { fields } from './keys/tables.js'
import { loadFor } from './load-config.js'
import { reachableHost } from './reachable-host.js'

export const statusCommand: Command = {
  name: 'status',
  summary:
    'Tells how the service that runs on this machine is. Exit code 1 when it does not answer, is unhealthy or is not ready.',
  options: {
    json: { type: 'boolean', doc: 'as JSON' },
    url: { type: 'string', value: 'URL', doc: 'health face to ask (default: the configured one on this machine)' },
    config: CONFIG_OPTION,
  },
  async run(values, terminal) {
    const given = textOf(values, 'url')
    const { config } = await loadFor(terminal, textOf(values, 'config'), [], true)
    const { enabled, host, port, detailed_endpoint, ready_endpoint } = config.http_health
    const url = given ?? (enabled && port > 0 ? `http://${reachableHost(host)}:${port}` : undefined)
    if (url === undefined) {
      throw new Error('http_health is off or on any free port: switch it on, give it a port, or name it with --url')
    }
    if (!/^http:\/\/[^/?#\s]+\/?$/.test(url)) throw new UsageError('--url is an address such as http://127.0.0.1:8003')
    const { askHealth } = await import('./health-client.js')
    const found = await askHealth(url.replace(/\/$/, ''), detailed_endpoint, ready_endpoint)
    terminal.print(values.json === true ? `${JSON.stringify(found, null, 2)}\n` : textFor(found))
    return found.running && found.ready && found.status !== 'unhealthy' ? EXIT.ok : EXIT.failed
  },
}

function textFor(state: ServiceState): string {
  if (!state.running) return `not running: ${state.url}: ${state.error}\n`
  const { status, version, uptime, ready, message, components } = state
  return fields([
    ['Status', status],
    ['Ready', ready ? 'yes' : `no, ${message}`],
    ...(version === undefined ? [] : [['Version', version] as const]),
    ...(uptime === undefined ? [] : [['Up', uptime] as const]),
    ...components.map((each) => [each.name, `${each.status}, ${each.message}`] as const),
  ])
}
