// Answers of /health/live per second over 64 connections, against node:http that sends the same bytes without making them.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../test/support/free-port.mjs'
import { boundBy, GENERATOR_CORE } from '../support/gen.mjs'
import { startPeer } from '../support/peer.mjs'
import { publish, rate } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { medianOf, percent, startRpcService } from '../support/rpc.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const PATH = '/health/live'
const CONNECTIONS = 64
const AT_LEAST = 1.3
/** Each server adds its own. */
const OWN_HEADERS = ['date', 'uwebsockets', 'content-length', 'connection', 'keep-alive']

export async function run({ quick }) {
  const healthPort = await freePort()
  const service = await startRpcService({ config: { HTTP_HEALTH_PORT: healthPort, HTTP_HEALTH_HOST: '127.0.0.1' } })
  try {
    const response = await fetch(`http://127.0.0.1:${healthPort}${PATH}`)
    const headers = Object.fromEntries([...response.headers].filter(([name]) => !OWN_HEADERS.includes(name)))
    const peer = await startPeer('http-server', [JSON.stringify(headers), await response.text()])
    try {
      const targets = { ours: { port: healthPort, pid: service.pid }, 'node:http': peer }
      const name = `http-health ${PATH} c=${CONNECTIONS}`
      const result = await judgeTwice((rounds) => measure(targets, rounds), quick ? 3 : 7)
      publish(name, line(result), result)
      return failures(name, result)
    } finally {
      await peer.stop()
    }
  } finally {
    await service.stop()
  }
}

async function measure(targets, rounds) {
  const load = (target) => () => ask(target)
  const variants = Object.fromEntries(Object.entries(targets).map(([name, target]) => [name, load(target)]))
  const values = await interleave(variants, rounds)
  const ratios = values.ours.map(({ perSecond }, round) => perSecond / values['node:http'][round].perSecond)
  const verdict = judge(ratios, { atLeast: AT_LEAST })
  const idle = values['node:http'].find(({ serverBusy }) => serverBusy < 0.95)
  if (idle !== undefined) verdict.status = `invalid: ${boundBy(idle)}`
  return { connections: CONNECTIONS, rounds, values, ratios, verdict }
}

async function ask({ port, pid }) {
  const [command, ...before] = [...GENERATOR_CORE, resolve(import.meta.dirname, '../out/http')]
  const request = `GET ${PATH} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
  const { stdout } = await promisify(execFile)(command, [
    ...before,
    String(port),
    String(CONNECTIONS),
    '1.5',
    String(pid),
    request,
  ])
  const result = JSON.parse(stdout)
  const wallNs = result.seconds * 1e9
  return { ...result, serverBusy: result.serverCpuNs / wallNs, generatorBusy: result.ownCpuNs / wallNs }
}

function line({ values, verdict }) {
  const cpuUs = (list) => median(list.map(({ serverCpuNs, answers }) => serverCpuNs / answers / 1e3)).toFixed(2)
  const of = (name) =>
    `${name} ${rate(medianOf(values[name], 'perSecond'))} ${medianOf(values[name], 'bytes')} B ${cpuUs(values[name])} µs`
  return [of('ours'), of('node:http'), ratioText(verdict), `server ${percent(medianOf(values.ours, 'serverBusy'))}`]
}
