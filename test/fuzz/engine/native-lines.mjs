// What the corpus of a native target reaches, counted by gcov.
import { readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ran } from './ran.mjs'

const PARSER = /^\/\/ Parser: (\S+)$/gm

/** `{ lines }`: parser → line → how often it ran; or `{ failure }`, what the program printed. */
export async function nativeLines(name, { native }) {
  const folder = join(native, 'build/coverage')
  const countsOf = async () =>
    (await readdir(folder)).filter((file) => file.startsWith(`${name}_fuzz-`) && file.endsWith('.gcda'))
  // A run adds to the counts of the one before.
  for (const file of await countsOf()) await rm(join(folder, file))
  const { failure } = await ran(join(folder, `${name}_fuzz`), ['-runs=0', `fuzz/${name}_corpus`], { cwd: native })
  if (failure !== undefined) return { failure }

  const gcov = await ran('gcov', ['--json-format', '--stdout', ...(await countsOf())], { cwd: folder })
  if (gcov.failure !== undefined) return { failure: gcov.failure }
  const counted = gcov.output
    .trim()
    .split('\n')
    .flatMap((report) => JSON.parse(report).files)
  const source = await readFile(join(native, 'fuzz', `${name}_fuzz.cpp`), 'utf8')
  const parsers = [...source.matchAll(PARSER)].map(([, parser]) => parser)
  const linesOf = (file) => sums(counted.filter((each) => resolve(native, each.file) === file).flatMap(({ lines }) => lines))
  return { lines: Object.fromEntries(parsers.map((parser) => [parser, linesOf(resolve(native, '..', '..', parser))])) }
}

/** A line of a template is told once for each type. */
function sums(lines) {
  const all = {}
  for (const { line_number: line, count } of lines) all[line] = (all[line] ?? 0) + count
  return all
}
