// Fuzzes each parser of bytes from outside: node test/fuzz/run.mjs [NAME ...]. Two at once, and only while nobody else wants the processor,
// so that it may run beside other tests. How long is counted in seconds of the processor's own time, for the same reason: FUZZ_SECONDS
// each (default 30). The last line sums the targets.
//
// Targets are test/fuzz/targets/*.ts, native/test/fuzz/*_fuzz.cpp, and `service`: the whole of it, over its sockets, with a sanitized addon.
// FUZZ_SEED makes those in TypeScript go the same way again.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from './engine/build.mjs'
import { bundleTargets } from './engine/bundle.mjs'
import { NATIVE, programs, ROOT, scripts, services } from './engine/chosen.mjs'
import { doJobs } from './engine/jobs.mjs'
import { runNative } from './engine/native.mjs'
import { runScript } from './engine/script.mjs'
import { runService } from './engine/service.mjs'

// In the project, so that what a target loads late finds its packages.
const PROGRAMS = join(ROOT, 'build/fuzz')

const scratch = await mkdtemp(join(tmpdir(), 'fuzz-'))
const options = {
  seconds: Number(process.env.FUZZ_SECONDS ?? 30),
  seed: Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31)),
  programs: PROGRAMS,
  native: NATIVE,
  root: ROOT,
  scratch,
}
try {
  await mkdir(PROGRAMS, { recursive: true })
  await bundleTargets(scripts, PROGRAMS)
  const built = programs.length + services.length === 0 ? Promise.resolve() : build('--build-fuzz')
  await doJobs([
    ...Object.keys(scripts).map((name) => () => runScript(name, options)),
    ...services.map((name) => () => built.then(() => runService(name, options))),
    ...programs.map((name) => () => built.then(() => runNative(name, options))),
  ])
} finally {
  await rm(scratch, { recursive: true, force: true })
}
