// The whole service with an addon that is built with sanitizers, in a process of its own that is sent mutated requests and frames.
import { execFile, execFileSync } from 'node:child_process'
import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ended, spawnIdle } from './idle.mjs'
import { resultIn } from './script.mjs'

const run = promisify(execFile)

export async function runService(name, { seconds, seed, programs, native, root, scratch }) {
  const app = join(scratch, name)
  const state = join(app, 'state')
  try {
    await installed(app, root, native)
  } catch (thrown) {
    return { passed: false, told: `${thrown}\nfuzz ${name}: FAILED, could not be built` }
  }
  await mkdir(state)
  const words = [join(programs, 'fuzz-service.mjs'), app, state, sanitizer(), seconds, seed]
  const { code, signal, output } = await ended(
    spawnIdle(process.execPath, words.map(String), { stdio: ['ignore', 'pipe', 'pipe'] }),
  )
  const result = resultIn(output)
  const reports = await reportsIn(state)
  if (code === 0 && result !== undefined && result.finding === undefined && reports === '') {
    const work = `${result.seconds.toFixed(1)} s of processor time, ${result.inputs} inputs, ${result.answers} answered`
    return { passed: true, told: `fuzz ${name}: ${work}, nothing found` }
  }
  const { finding } = result ?? {}
  const told = finding === undefined ? output.slice(-4_000) : `${finding.error}\ninputs, base64: ${finding.inputs.join(' ')}`
  return { passed: false, told: `${told}\n${reports}fuzz ${name}: FAILED, ended with ${signal ?? code} (FUZZ_SEED=${seed})` }
}

/** A folder like the project's, in which the addon is the sanitized one. */
async function installed(app, root, native) {
  // Done already when all tests are run.
  await run('scripts/build-native.sh', { cwd: root })
  await run('scripts/build-ts.sh', { cwd: root })
  await mkdir(join(app, 'build'), { recursive: true })
  await cp(join(root, 'dist'), join(app, 'dist'), { recursive: true })
  const built = join(app, 'build/Release')
  await cp(join(root, 'build/Release'), built, { recursive: true, filter: (file) => !file.includes('obj.target') })
  await cp(join(native, 'build/asan/camera_core.node'), join(built, 'camera_core.node'))
  for (const each of ['node_modules', 'package.json']) await symlink(join(root, each), join(app, each))
}

/** It has to be there before node is: a program that is not built with it does not load it early enough by itself. */
function sanitizer() {
  return execFileSync(process.env.CXX ?? 'g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()
}

async function reportsIn(state) {
  const names = (await readdir(state)).filter((each) => each.startsWith('sanitizer.'))
  return (await Promise.all(names.map((each) => readFile(join(state, each), 'utf8')))).join('\n').slice(0, 8_000)
}
