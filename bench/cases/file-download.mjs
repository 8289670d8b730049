// A large recording to one client and to sixteen, and ranges of 64 KiB, against a loop of sendfile in C on the same core.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { GENERATOR_CORE, SERVER_CORE } from '../support/gen.mjs'
import { memoryOf } from '../support/process.mjs'
import { publish, rate } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const PROGRAM = resolve(import.meta.dirname, '../out/download')
const FILE_BYTES = 1024 ** 3
const MIB = 1024 ** 2
const AT_LEAST = 0.35
const SECONDS = 1.5
const NAME = 'bench.mp4'
const CASES = [
  { name: 'file-download 1 GiB c=1', clients: 1 },
  { name: 'file-download 1 GiB c=16', clients: 16 },
]

export async function run({ quick }) {
  const service = await startService({ wrapper: SERVER_CORE, config: { LOGGING_LEVEL: 'warn', DOWNLOADS_MAX_PER_IDENTITY: 64 } })
  const file = await bigFile(join(service.stateDir, 'recordings'))
  const peer = await sendfilePeer(file)
  const head = `Host: bench\r\nAuthorization: Bearer ${await service.token('viewer')}\r\n`
  const request = `GET /files/recordings/${NAME} HTTP/1.1\r\n${head}`
  const failed = []
  try {
    const before = (await memoryOf(service.pid)).rss
    for (const { name, clients } of CASES) {
      const ports = { ours: service.port, sendfile: peer.port }
      const result = await judgeTwice((rounds) => measure(ports, { clients, request: `${request}\r\n`, rounds }), quick ? 3 : 5)
      const grownMiB = Math.round(((await memoryOf(service.pid)).rss - before) / MIB)
      publish(name, [...line(result), `rss +${grownMiB} MiB`], { ...result, grownMiB })
      failed.push(...failures(name, result))
    }
    const ranges = await read(service.port, { clients: 16, request: `${request}Range: bytes=1048576-1114111\r\n\r\n` })
    publish('file-download ranges of 64 KiB c=16', [`ours ${rate(ranges.answers / ranges.seconds)}`], {
      ranges,
      verdict: { status: 'no gate' },
    })
  } finally {
    await peer.stop()
    await service.stop()
  }
  return failed
}

async function measure({ ours, sendfile }, { clients, request, rounds }) {
  const load = (port) => () => read(port, { clients, request })
  const values = await interleave({ ours: load(ours), sendfile: load(sendfile) }, rounds)
  const speeds = Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.map(speed)]))
  const ratios = speeds.ours.map((one, round) => one / speeds.sendfile[round])
  return { clients, rounds, speeds, ratios, verdict: judge(ratios, { atLeast: AT_LEAST }) }
}

const speed = ({ bytes, seconds }) => bytes / seconds / MIB

function line({ speeds, verdict }) {
  const of = (name) => `${name} ${Math.round(median(speeds[name]))} MiB/s`
  return [of('ours'), of('sendfile'), ratioText(verdict)]
}

async function read(port, { clients, request }) {
  const [command, ...before] = GENERATOR_CORE
  const args = [...before, PROGRAM, 'read', String(port), String(clients), String(SECONDS), request]
  return JSON.parse((await promisify(execFile)(command, args)).stdout)
}

/** With bytes in it: holes are read faster than any disk. It stays in the memory of the machine. */
async function bigFile(folder) {
  await mkdir(folder, { recursive: true })
  const path = join(folder, NAME)
  const handle = await open(path, 'w')
  const piece = Buffer.alloc(16 * MIB, 'moving pictures ')
  for (let at = 0; at < FILE_BYTES; at += piece.length) await handle.write(piece)
  await handle.close()
  return path
}

async function sendfilePeer(file) {
  const [command, ...before] = SERVER_CORE
  const child = spawn(command, [...before, PROGRAM, 'serve', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed] = await once(child.stdout, 'data')
  const stop = async () => {
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
  return { port: JSON.parse(printed).port, stop }
}
