// Fuzzes each parser of bytes from outside: node test/fuzz/run.mjs [NAME ...]. Two at once, and only while nobody else wants the processor,
// so that it may run beside other tests. How long is counted in seconds of the processor's own time, for the same reason: FUZZ_SECONDS
// each (default 30). The last line sums the targets.
//
// Targets are test/fuzz/targets/*.ts, native/test/fuzz/*_fuzz.cpp, and `service`: the whole of it, over its sockets, with a sanitized addon.
// FUZZ_SEED makes those in TypeScript go the same way again.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { bundleTargets } from './engine/bundle.mjs'
import { runNative } from './engine/native.mjs'
import { runScript } from './engine/script.mjs'
import { runService } from './engine/service.mjs'

const HERE = import.meta.dirname
const ROOT = resolve(HERE, '../..')
const NATIVE = join(ROOT, 'native/test')
// In the project, so that what a target loads late finds its packages.
const PROGRAMS = join(ROOT, 'build/fuzz')
/** One for each of two cores. */
const AT_ONCE = 2

const wanted = process.argv.slice(2)
const chosen = (name) => wanted.length === 0 || wanted.includes(name)
const namesIn = (folder, ending) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .filter(chosen)
const scripts = namesIn(join(HERE, 'targets'), '.ts')
const programs = namesIn(join(NATIVE, 'fuzz'), '_fuzz.cpp')
const services = ['service'].filter(chosen)

const scratch = await mkdtemp(join(tmpdir(), 'fuzz-'))
const options = {
  seconds: Number(process.env.FUZZ_SECONDS ?? 30),
  seed: Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31)),
  programs: PROGRAMS,
  native: NATIVE,
  root: ROOT,
  scratch,
}
const counts = { passed: 0, failed: 0 }
try {
  await mkdir(PROGRAMS, { recursive: true })
  await bundleTargets(Object.fromEntries(scripts.map((name) => [name, join(HERE, 'targets', `${name}.ts`)])), PROGRAMS)
  const built = programs.length + services.length === 0 ? Promise.resolve() : build()
  const jobs = [
    ...scripts.map((name) => () => runScript(name, options)),
    ...services.map((name) => () => built.then(() => runService(name, options))),
    ...programs.map((name) => () => built.then(() => runNative(name, options))),
  ]
  const worker = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const { passed, told } = await job()
      counts[passed ? 'passed' : 'failed'] += 1
      console.log(told)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
} finally {
  await rm(scratch, { recursive: true, force: true })
}
if (counts.passed + counts.failed === 0)
  console.log(`no target of this name; there are ${[...scripts, ...services, ...programs].join(' ') || 'none'}`)
console.log(`${counts.passed} passed, ${counts.failed} failed, 0 skipped`)
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1

/** The native programs; who compiles them at this moment is waited for. A target that does not compile is a program that cannot be run. */
async function build() {
  const child = spawn('../../scripts/native-tests.sh', ['--build-fuzz'], { cwd: NATIVE, stdio: ['ignore', 'inherit', 'inherit'] })
  await new Promise((done) => child.once('close', done))
}
