// Runs the cases named (all without names) one after another. Those named take all the rounds of the method, all together take so few that
// they are done in a quarter of an hour. `--quick`: few rounds for those named, too, and without names the cases of QUICK alone.
// `--save-baseline`: what held is what later runs are compared with. Exit 1 when a gate fails or a ratio got worse, 64 on an unknown word.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { saveBaseline } from './support/baseline.mjs'
import { environment, published } from './support/report.mjs'

/** Those whose gates a change of the service breaks first: three minutes of them. */
const QUICK = [
  'auth-jwt',
  'auth-key',
  'fanout',
  'http-health',
  'limiter',
  'loop-delay',
  'mtx-client',
  'rpc-dispatch',
  'rpc-latency',
  'rpc-throughput',
  'serialise-once',
  'snapshot-live',
  'startup',
]

const folder = join(import.meta.dirname, 'cases')
const known = readdirSync(folder)
  .map((file) => file.replace('.mjs', ''))
  .sort()
const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'))
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const quick = options.includes('--quick')

const unknown = [
  ...named.filter((name) => !known.includes(name)),
  ...options.filter((option) => !['--quick', '--save-baseline'].includes(option)),
]
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')} (options: --quick --save-baseline; benches: ${known.join(' ')})`)
  process.exit(64)
}

const { limits, ...machine } = environment()
console.log(`# ${machine.cpu}, ${machine.cores} cores, kernel ${machine.kernel}, node ${machine.node}, ${machine.commit}`)
console.log(
  `# limits: syscall ${limits.syscallNs} ns, loopback ${limits.loopbackNs} ns, connect ${limits.connectNs} ns, round trip ${limits.pingPongNs} ns, ` +
    `hiccup p50 ${limits.hiccupNs.p50} p99 ${limits.hiccupNs.p99} p99.9 ${limits.hiccupNs.p999} ns`,
)

const failed = []
const tookS = {}
const all = quick ? QUICK : known
const few = quick || named.length === 0
for (const name of named.length > 0 ? named : all) {
  const beganMs = performance.now()
  try {
    const { run } = await import(join(folder, `${name}.mjs`))
    failed.push(...(await run({ quick: few })))
  } catch (thrown) {
    console.log(`${name} | broken: ${thrown instanceof Error ? thrown.stack : thrown}`)
    failed.push(name)
  }
  // After each, so that a run that is cut short is not lost.
  if (options.includes('--save-baseline')) saveBaseline(published, machine)
  tookS[name] = Math.round((performance.now() - beganMs) / 1_000)
}
const times = Object.entries(tookS).map(([name, seconds]) => `${name} ${seconds}`)
console.log(`# ${Object.values(tookS).reduce((sum, one) => sum + one, 0)} s: ${times.join(', ')}`)
if (failed.length > 0) console.log(`# failed: ${failed.join(', ')}`)
process.exit(failed.length > 0 ? 1 : 0)
