// What the seeds of a target in TypeScript reach, counted by V8 and told in lines of the sources.
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { convert } from 'ast-v8-to-istanbul'
import coverage from 'istanbul-lib-coverage'
import { parseAst } from 'rolldown/parseAst'
import { ran } from './ran.mjs'

/** `{ lines }`: parser → line → how often it ran; or `{ failure }`, what the program printed. */
export async function scriptLines(name, { programs, root, scratch }) {
  const program = join(programs, `${name}.mjs`)
  const folder = join(scratch, name)
  await mkdir(folder)
  const env = { ...process.env, NODE_V8_COVERAGE: folder }
  const { failure, output } = await ran(process.execPath, [join(import.meta.dirname, 'replay.mjs'), program], { env })
  if (failure !== undefined) return { failure }
  const parsers = JSON.parse(output)

  const source = await readFile(program, 'utf8')
  const map = coverage.createCoverageMap(
    await convert({
      code: source,
      sourceMap: JSON.parse(await readFile(`${program}.map`, 'utf8')),
      ast: parseAst(source),
      coverage: await countsOf(program, folder),
    }),
  )
  const known = new Set(map.files())
  const linesOf = (file) => (known.has(file) ? map.fileCoverageFor(file).getLineCoverage() : {})
  return { lines: Object.fromEntries(parsers.map((parser) => [parser, linesOf(resolve(root, parser))])) }
}

/** V8's own, of one program. */
async function countsOf(program, folder) {
  const { href } = pathToFileURL(program)
  for (const file of await readdir(folder)) {
    const { result } = JSON.parse(await readFile(join(folder, file), 'utf8'))
    const found = result.find(({ url }) => url === href)
    if (found !== undefined) return found
  }
  throw new Error(`Node wrote no counts of ${program}`)
}
