// Runs the cases named (all without names) one after another. `--quick`: fewer rounds. Exit 1 when a gate fails, 64 on an unknown name.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { environment } from './support/report.mjs'

const folder = join(import.meta.dirname, 'cases')
const known = readdirSync(folder)
  .map((file) => file.replace('.mjs', ''))
  .sort()
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const quick = process.argv.includes('--quick')

const unknown = named.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`unknown bench ${unknown.join(', ')} (there are: ${known.join(' ')})`)
  process.exit(64)
}

const { limits, ...machine } = environment()
console.log(`# ${machine.cpu}, ${machine.cores} cores, kernel ${machine.kernel}, node ${machine.node}, ${machine.commit}`)
console.log(
  `# limits: syscall ${limits.syscallNs} ns, loopback ${limits.loopbackNs} ns, round trip ${limits.pingPongNs} ns, ` +
    `hiccup p50 ${limits.hiccupNs.p50} p99 ${limits.hiccupNs.p99} p99.9 ${limits.hiccupNs.p999} ns`,
)

const failed = []
for (const name of named.length > 0 ? named : known) {
  try {
    const { run } = await import(join(folder, `${name}.mjs`))
    failed.push(...(await run({ quick })))
  } catch (thrown) {
    console.log(`${name} | broken: ${thrown instanceof Error ? thrown.stack : thrown}`)
    failed.push(name)
  }
}
if (failed.length > 0) console.log(`# failed: ${failed.join(', ')}`)
process.exit(failed.length > 0 ? 1 : 0)
